import { test } from 'tap'
import { loadConfig } from '../../../src/config/load.js'
import { flagEntry } from '../../../src/config/sources.js'

const nothing = { file: null, env: {}, flags: [] }

test('flags before environment before file before defaults', async (t) => {
  const file = `${t.testdir({ 'broker.yaml': 'shards: 2\npublish: {port: 1}\nsubscribe: {port: 2}\n' })}/broker.yaml`
  const env = { BROKER_PUBLISH_PORT: '11', BROKER_SHARDS: '3' }
  const flags = [flagEntry('shards', '4', '--shards')]
  const { config, sourceOf } = loadConfig({ file, env, flags })
  t.match(config, { shards: 4, publish: { port: 11 }, subscribe: { port: 2 }, timeouts: { drainMs: 5000 } })
  t.equal(sourceOf('shards'), '--shards')
  t.equal(sourceOf('publish.port'), 'BROKER_PUBLISH_PORT')
  t.equal(sourceOf('subscribe.port'), file)
  t.equal(sourceOf('timeouts.drainMs'), null)
})

test('BROKER_CONFIG names the file unless a flag does', async (t) => {
  const dir = t.testdir({ 'a.yaml': 'shards: 2\n', 'b.yaml': 'shards: 3\n' })
  const env = { BROKER_CONFIG: `${dir}/a.yaml` }
  t.equal(loadConfig({ ...nothing, env }).config.shards, 2)
  t.equal(loadConfig({ ...nothing, env, file: `${dir}/b.yaml` }).config.shards, 3)
})

test('errors name the source, of list items too', async (t) => {
  const file = `${t.testdir({ 'broker.json': '{"publish": {"hosts": ["a b"]}, "limits": null, "shard": 1}' })}/broker.json`
  t.throws(() => loadConfig({ ...nothing, file }), { message: [
    `publish.hosts[0] must be an IP address or a host name, got: "a b" (from ${file})`,
    `limits must be a section of keys, got: null (from ${file})`,
    `shard is not a known key (did you mean shards?), got: 1 (from ${file})`,
  ].join('\n') })
  t.throws(() => loadConfig({ ...nothing, env: { BROKER_LIMITS_MESSAGE_BYTES_MAX: '0' } }), {
    message: 'limits.messageBytesMax must be 1..16777216 bytes, got: 0 (from BROKER_LIMITS_MESSAGE_BYTES_MAX)',
  })
})

test('a file cannot reach prototypes', async (t) => {
  const file = `${t.testdir({ 'broker.json': '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}' })}/broker.json`
  t.throws(() => loadConfig({ ...nothing, file }), { code: 'ERR_CONFIG' })
  t.notOk('polluted' in {})
})

test('a section and a value of the same name do not mix', async (t) => {
  t.throws(() => loadConfig({ ...nothing, flags: [flagEntry('publish', '1', '--set'), flagEntry('publish.port.x', '1', '--set')] }), {
    message: /^publish\.port must be 0\.\.65535, got: \{"x":"1"\}/,
  })
})

test('a flag for several sections does not switch one on', async (t) => {
  const file = `${t.testdir({ 'broker.yaml': 'grpc: null\n' })}/broker.yaml`
  const hosts = { path: ['grpc', 'hosts'], value: ['127.0.0.1'], source: '--host' }
  t.equal(loadConfig({ ...nothing, file, flags: [{ ...hosts, unlessOff: true }] }).config.grpc, null)
  t.match(loadConfig({ ...nothing, flags: [{ ...hosts, unlessOff: true }] }).config.grpc, { hosts: ['127.0.0.1'] })
  t.match(loadConfig({ ...nothing, file, flags: [hosts] }).config.grpc, { hosts: ['127.0.0.1'] }, 'one of its own does')
})
