import { test } from 'tap'
import { parseOptions } from '../../../src/config/parse.js'
import type { BrokerOptions } from '../../../src/config/schema.js'
import { exposureWarning, exposures, plainWarning } from '../../../src/engine/exposure.js'
import type { ProtocolName } from '../../../src/native/binding.js'

const at = (protocol: ProtocolName, address: string, tls: number | null = null) => ({ protocol, address, port: 1, tls })
const all = (address: string) => (['websocket-publish', 'websocket-subscribe', 'grpc', 'pusher', 'http', 'responder-raw'] as const).map((each) => at(each, address))

/** What is open there, such as `0.0.0.0:1 publish,subscribe`. */
function open(options: BrokerOptions, listeners = all('0.0.0.0')): string[] {
  return exposures(parseOptions(options), listeners).map(({ endpoint, may }) => `${endpoint} ${may.join(',')}`)
}

test('who may do what from other machines without a credential', async (t) => {
  t.strictSame(open({}), ['0.0.0.0:1 publish', '0.0.0.0:1 subscribe', '0.0.0.0:1 publish,subscribe'])
  t.strictSame(open({}, [...all('127.0.0.1'), ...all('::1'), at('responder-raw', 'unix:/x')]), [])
  t.strictSame(open({ auth: {} }), [], 'by default others may nothing')
  t.strictSame(open({ auth: { anonymous: { subscribe: ['public/**'] } } }), ['0.0.0.0:1 subscribe', '0.0.0.0:1 subscribe'])
  t.strictSame(open({ auth: { anonymous: { publish: ['a'] }, jwt: { jwksFile: 'x' } }, grpc: { auth: ['jwt'] } }), ['0.0.0.0:1 publish'])
  const responder = { listen: [1], reply: 'last' as const }
  t.strictSame(open({ auth: {}, responder }, [at('responder-raw', '10.0.0.1')]), ['10.0.0.1:1 read last messages'])
})

test('the warnings', async (t) => {
  const config = parseOptions({})
  t.equal(exposureWarning(config, all('::')), 'OPEN TO EVERYBODY: whoever reaches this machine may publish on [::]:1, subscribe on [::]:1, publish and subscribe on [::]:1, '
    + 'because there is no authentication (auth); see docs/security.md, "Before you expose it"')
  t.match(exposureWarning(parseOptions({ auth: { anonymous: { publish: ['a'] } } }), all('::')), /because auth\.anonymous says so/)
  t.equal(exposureWarning(config, all('127.0.0.1')), null)
  const withAuth = parseOptions({ auth: {} })
  t.equal(plainWarning(withAuth, [at('grpc', '0.0.0.0'), at('pusher', '10.0.0.1', 0), at('grpc', '127.0.0.1')]), 'without TLS (tls) tokens and messages can be read on the way to 0.0.0.0:1')
  t.equal(plainWarning(withAuth, [at('grpc', '0.0.0.0', 0)]), null)
  t.equal(plainWarning(config, all('0.0.0.0')), null)
})
