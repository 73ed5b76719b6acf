/** The files of deploy/ are right in themselves, and agree with the defaults that they lean on. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { parseConfig } from '../../../src/config/parse.js'
import { environmentEntries } from '../../../src/config/sources.js'
import { packageRoot } from '../../../src/package-info.js'

const config = parseConfig({}, () => null)
const ports = [config.api?.port, config.publish?.port, config.subscribe?.port, config.grpc?.port]
/** What a drain may take, in seconds. */
const drainS = (config.timeouts.drainMs + config.timeouts.closeMs) / 1000 + 1

function text(file: string): string {
  return readFileSync(join(packageRoot, 'deploy', file), 'utf8')
}

function isVariable(name: string): boolean {
  return environmentEntries({ [name]: 'x' }).length === 1
}

test('the unit for systemd', async (t) => {
  const unit = text('systemd/broker.service')
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1]
  t.strictSame([value('Type'), value('NotifyAccess')], ['notify', 'all'], 'systemd-notify is another process')
  t.ok(Number(value('TimeoutStopSec')) > drainS)
  t.ok(Number(value('LimitNOFILE')) >= 100_000)
  const { error, status, stderr } = spawnSync('systemd-analyze', ['verify', join(packageRoot, 'deploy/systemd/broker.service')], { encoding: 'utf8' })
  // Where nothing is installed in /opt the executables are missing, and that alone is said.
  if (error === undefined) t.ok(status === 0 || /not executable|No such file/.test(stderr), stderr)
  else t.comment('no systemd-analyze here')
})

test('the image', async (t) => {
  const file = text('Dockerfile')
  t.match(file, /^USER node$/m)
  t.match(file, /^ENTRYPOINT \["node", /m, 'no shell in between')
  const exposed = (/^EXPOSE (.*)$/m.exec(file)?.[1] ?? '').split(' ').map(Number)
  t.strictSame(exposed.sort(), [...ports, config.pusher.port].sort())
  for (const [name] of file.matchAll(/\bBROKER_[A-Z_]+[A-Z]\b/g)) t.ok(name === 'BROKER_CONFIG' || isVariable(name), name)
})

test('compose', async (t) => {
  interface Service { readonly ports?: string[], readonly environment?: Record<string, string>, readonly stop_grace_period?: string, readonly configs?: { source: string }[] }
  const { services, configs } = parse(text('compose.yaml')) as { services: Record<string, Service>, configs: Record<string, { content: string }> }
  const { broker } = services
  t.strictSame(broker?.ports?.map((port) => Number(port.split(':').at(-1))).sort(), [...ports].sort())
  for (const name of Object.keys(broker?.environment ?? {})) t.ok(isVariable(name), name)
  t.ok(parseInt(broker?.stop_grace_period ?? '') > drainS)
  for (const { configs: used = [] } of Object.values(services)) for (const { source } of used) t.type(parse(configs[source]?.content ?? ''), 'object', source)
})

test('Kubernetes', async (t) => {
  const documents = parseAllDocuments(text('kubernetes/broker.yaml')).map((document) => document.toJS() as { kind: string, spec: Record<string, unknown> })
  t.strictSame(documents.map(({ kind }) => kind), ['Deployment', 'Service', 'PodDisruptionBudget'])
  interface Container { readonly ports: { containerPort: number, name: string }[], readonly env: { name: string, value?: string }[], readonly livenessProbe: object, readonly readinessProbe: object }
  const { template } = documents[0]?.spec as { template: { spec: { containers: Container[], terminationGracePeriodSeconds: number, enableServiceLinks: boolean } } }
  const [container] = template.spec.containers
  t.strictSame(container?.ports.map(({ containerPort }) => containerPort).sort(), [...ports].sort())
  t.match(container, { livenessProbe: { httpGet: { path: '/live' } }, readinessProbe: { httpGet: { path: '/ready' } } })
  for (const { name } of container?.env ?? []) t.ok(isVariable(name), name)
  const own = container?.env.find(({ name }) => name === 'BROKER_TIMEOUTS_DRAIN_MS')?.value ?? ''
  t.ok(template.spec.terminationGracePeriodSeconds > 5 + parseInt(own) + config.timeouts.closeMs / 1000, 'preStop, drain, close')
  t.equal(template.spec.enableServiceLinks, false)
  const { ports: served } = documents[1]?.spec as { ports: { port: number, targetPort: string }[] }
  t.strictSame(served.filter(({ targetPort }) => !container?.ports.some(({ name }) => name === targetPort)), [])
})
