import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { loadConfig } from '../../../src/config/load.js'
import { parseOptions } from '../../../src/config/parse.js'
import { assignmentEntry } from '../../../src/config/sources.js'
import { tlsOf } from '../../../src/config/tls-checks.js'
import type { BrokerOptions } from '../../../src/config/schema.js'

const pair = { certFile: '/run/cert.pem', keyFile: '/run/key.pem' }
const named = (...serverNames: string[]) => ({ ...pair, names: [{ serverNames, ...pair }] })
const nameMessage = 'must be a host name of at most 253 characters, where the first label may be *'

/** [what `tls` is, the whole message without `tls` before it]. */
const refused: [unknown, string][] = [
  [{}, '.certFile must be a text of 1..4096 characters, got: nothing'],
  [{ certFile: '/run/cert.pem' }, ' must have exactly one of keyFile, keyPem, got: {"certFile":"/run/cert.pem"}'],
  [{ ...pair, keyPem: 's3cret' }, ' must have exactly one of keyFile, keyPem, got: {"certFile":"/run/cert.pem","keyFile":"/run/key.pem","keyPem":"(hidden)"}'],
  [{ ...pair, passphrase: 's3cret', passphraseFile: '/run/x' }, ' must have at most one of passphraseFile, passphrase, got: '
    + '{"certFile":"/run/cert.pem","keyFile":"/run/key.pem","passphrase":"(hidden)","passphraseFile":"/run/…'],
  [{ ...pair, passphrase: 17 }, '.passphrase must be a text of 1..1024 characters, got: (hidden)'],
  [{ ...pair, minVersion: 1.1 }, '.minVersion must be one of 1.2, 1.3, got: 1.1'],
  [{ ...pair, minVersion: true }, '.minVersion must be one of 1.2, 1.3, got: true'],
  [{ ...pair, clientCert: 'always' }, '.clientCert must be one of none, request, require, got: always'],
  [{ ...pair, clientCert: 'require' }, '.clientCaFile must be set where clientCert is require, got: nothing'],
  [{ ...pair, clientCaFile: '/run/ca.pem' }, '.clientCert must be request or require where clientCaFile is set, got: none'],
  [{ ...pair, ciphers: 'RC4' }, '.ciphers is not a known key, got: RC4'],
  [named('a.*.example'), `.names[0].serverNames[0] ${nameMessage}, got: a.*.example`],
  [named('10.0.0.1'), `.names[0].serverNames[0] ${nameMessage}, got: 10.0.0.1`],
  [named('*'), `.names[0].serverNames[0] ${nameMessage}, got: *`],
  [named(), '.names[0].serverNames must be a list of 1..100 host names, got: []'],
  [named('a.example', 'A.example.'), '.names[0].serverNames[1] must be used once only, got: A.example.'],
  [{ ...pair, names: [{ serverNames: ['a.example'], certFile: 'x' }] }, '.names[0] must have exactly one of keyFile, keyPem, got: {"serverNames":["a.example"],"certFile":"x"}'],
  ['on', ' must be a section of keys, got: on'],
]

test('what is refused, in one line that shows no secret', async (t) => {
  for (const [tls, message] of refused) {
    t.throws(() => parseOptions({ tls } as BrokerOptions), { message: `tls${message}` })
    const inListener = message.includes('not a known key') ? /^subscribe\.tls\.ciphers is not a known key.*got: RC4$/ : `subscribe.tls${message}`
    t.throws(() => parseOptions({ subscribe: { tls } } as BrokerOptions), { message: inListener })
  }
  t.throws(() => parseOptions({ tls: pair, api: { server: 'uws' } }), { message: 'api.server must be auto or node where the API speaks TLS, got: uws' })
  t.doesNotThrow(() => parseOptions({ tls: pair, api: { server: 'uws', tls: null } }))
})

test('what is left out, and other forms of the same', async (t) => {
  const whole = { ...pair, clientCert: 'none', minVersion: '1.2', names: [] }
  t.strictSame(parseOptions({ tls: pair }).tls, whole)
  t.strictSame(parseOptions({ tls: { ...pair, minVersion: 1.3 } }).tls?.minVersion, '1.3')
  t.strictSame(parseOptions({ tls: named('*.Shop.example.', 'localhost') }).tls?.names[0]?.serverNames, ['*.shop.example', 'localhost'])
  t.equal(parseOptions({}).tls, null)
})

test('a listener has its own, none, or that of the top', async (t) => {
  const own = { ...pair, minVersion: 1.3 }
  const config = parseOptions({ tls: pair, subscribe: { tls: own }, grpc: { tls: null }, api: {}, responder: { listen: [0] } })
  t.match(tlsOf(config, 'publish'), { path: ['tls'], tls: { minVersion: '1.2' } })
  t.match(tlsOf(config, 'subscribe'), { path: ['subscribe', 'tls'], tls: { minVersion: '1.3' } })
  t.equal(tlsOf(config, 'grpc'), null)
  t.match([tlsOf(config, 'api'), tlsOf(config, 'responder'), tlsOf(config, 'pusher')], [{ path: ['tls'] }, { path: ['tls'] }, { path: ['tls'] }])
  const plain = parseOptions({ grpc: { tls: own } })
  t.match([tlsOf(plain, 'publish'), tlsOf(plain, 'grpc')], [null, { path: ['grpc', 'tls'] }])
})

test('from a file and from variables; a key in a file that everybody may read is told', async (t) => {
  const folder = t.testdir({ 'broker.yaml': 'tls: { certFile: /run/cert.pem, minVersion: 1.3 }\nsubscribe: { tls: null }\n', 'key.yaml': '' })
  const load = (name: string, env = {}) => loadConfig({ file: join(folder, name), env, flags: [assignmentEntry('pusher.tls=null')] })
  const { config, warnings } = load('broker.yaml', { BROKER_TLS_KEY_PEM: 's3cret' })
  t.match(config, { tls: { keyPem: 's3cret', minVersion: '1.3' }, subscribe: { tls: null }, pusher: { tls: null } })
  t.strictSame(warnings, [])
  const file = join(folder, 'key.yaml')
  writeFileSync(file, 'grpc: { tls: { certFile: /run/cert.pem, keyPem: s3cret } }')
  chmodSync(file, 0o644)
  t.strictSame(load('key.yaml').warnings, [`${file} holds a secret and everybody may read it (mode 0644): chmod o-r, or put the secret into a file of its own`])
  chmodSync(file, 0o640)
  t.strictSame(load('key.yaml').warnings, [])
  writeFileSync(file, 'tls: { certFile: /run/cert.pem, keyPem: s3cret, keyFile: x }')
  t.throws(() => load('key.yaml'), { name: 'ConfigError', message: /^((?!s3cret)[^])*$/ })
})
