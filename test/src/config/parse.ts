import { test } from 'tap'
import { parseConfig, parseOptions } from '../../../src/config/parse.js'
import { ConfigError } from '../../../src/errors.js'

const known = 'is not a known key'
const noNetwork = 'must be an IP address, a network such as 10.0.0.0/8 (no bits behind its prefix), or unix'
const app = { id: 'a', key: 'key-a', secret: 'a-secret' }

/** [what a program passes, the whole message]. */
const refused: [unknown, string | RegExp][] = [
  [{ limits: { messageBytesMax: 0 } }, 'limits.messageBytesMax must be 1..16777216 bytes, got: 0'],
  [{ limits: { messageBytesMax: '17MiB' } }, 'limits.messageBytesMax must be 1..16777216 bytes, got: 17MiB'],
  [{ limits: { messageBytesMax: 1.5 } }, 'limits.messageBytesMax must be 1..16777216 bytes, got: 1.5'],
  [{ limits: { messageBytesMax: 'much' } }, 'limits.messageBytesMax must be 1..16777216 bytes, got: much'],
  [{ limits: { messageBytesMax: null } }, 'limits.messageBytesMax must be 1..16777216 bytes, got: null'],
  [{ limits: { messageBytesMax: NaN } }, 'limits.messageBytesMax must be 1..16777216 bytes, got: NaN'],
  [{ limits: { messageBytesMax: { a: 1 } } }, 'limits.messageBytesMax must be 1..16777216 bytes, got: {"a":1}'],
  [{ limits: { messageByteMax: 5 } }, `limits.messageByteMax ${known} (did you mean limits.messageBytesMax?), got: 5`],
  [{ limits: { tls: true } }, `limits.tls ${known}, got: true`],
  [{ limits: 5 }, 'limits must be a section of keys, got: 5'],
  [{ limits: { logBytesMax: 1023 } }, 'limits.logBytesMax must be 1048576..68719476736 bytes, got: 1023'],
  [{ limits: { topicBytesMax: 1025 } }, 'limits.topicBytesMax must be 1..1024 bytes, got: 1025'],
  [{ limits: { topicsPerConnectionMax: 0 } }, 'limits.topicsPerConnectionMax must be 1..1024, got: 0'],
  [{ limits: { receiveBufferBytesMax: '1023KiB' } }, 'limits.receiveBufferBytesMax must be 1048576..68719476736 bytes, got: 1023KiB'],
  [{ timeouts: { messageMs: 9 } }, 'timeouts.messageMs must be 10..3600000 ms, got: 9'],
  [{ limits: { sendBufferBytes: 100 } }, 'limits.sendBufferBytes must be 4096..4194304 bytes, got: 100'],
  [{ limits: { connectionsMax: -1 } }, 'limits.connectionsMax must be 1..10000000, got: -1'],
  [{ timeouts: { pongMs: '1d' } }, 'timeouts.pongMs must be 10..3600000 ms, got: 1d'],
  [{ shards: 65 }, 'shards must be 1..64, got: 65'],
  [{ shards: '2s' }, 'shards must be 1..64, got: 2s'],
  [{ publish: { port: 65536 } }, 'publish.port must be 0..65535, got: 65536'],
  [{ publish: { hosts: [] } }, 'publish.hosts must be a list of addresses, got: []'],
  [{ publish: { hosts: 'localhost' } }, 'publish.hosts must be a list of addresses, got: localhost'],
  [{ publish: { hosts: ['300.1.1.1'] } }, 'publish.hosts[0] must be an IP address or a host name, got: 300.1.1.1'],
  [{ publish: { hosts: ['a b'] } }, 'publish.hosts[0] must be an IP address or a host name, got: "a b"'],
  [{ publish: { port: 9000 }, subscribe: { port: 9000 } }, 'subscribe.port must differ from publish.port on the same host, got: 9000'],
  [{ publish: { port: 9000 }, grpc: { port: 9000 } }, 'grpc.port must differ from publish.port on the same host, got: 9000'],
  [{ subscribe: { port: 9000 }, api: { port: 9000 } }, 'api.port must differ from subscribe.port on the same host, got: 9000'],
  [{ cpus: [-1] }, 'cpus[0] must be 0..1023, got: -1'],
  [{ cpus: [] }, 'cpus must be a list of CPU numbers, got: []'],
  [{ reusePort: 'yes' }, 'reusePort must be true or false, got: yes'],
  [{ responder: {} }, 'responder.listen must be a list of addresses, got: nothing'],
  [{ responder: { listen: ['8080x'] } }, 'responder.listen[0] must be tcp://<host>:<port>, unix:/<path> (107 bytes) or a port, got: 8080x'],
  [{ responder: { listen: [80], framing: 'frames' } }, 'responder.framing must be one of raw, line, got: frames'],
  [{ responder: { listen: [80], text: '' } }, 'responder.text must be a text of 1..65536 characters, got: ""'],
  [{ responder: { listen: [80], mode: '0888' } }, 'responder.mode must be a text of three octal digits, got: 0888'],
  [{ responder: { listen: [80], mode: 0o660 } }, 'responder.mode must be a text of three octal digits, got: 432'],
  [
    { responder: { listen: [80], framing: 'line', text: 'a\nb' } },
    'responder.text must be one line where responder.framing is line, got: "a\\nb"',
  ],
  [
    { responder: { listen: [80], reply: 'last' }, retain: { bytesMax: '128KiB' } },
    'limits.messageBytesMax must be at most a quarter of retain.bytesMax (131072), got: 65536',
  ],
  [{ history: [{ topics: 'a', bytes: '100KiB' }] }, 'limits.messageBytesMax must be at most half of history[0].bytes (102400), got: 65536'],
  [{ history: [{ topics: 'a', messages: 0 }] }, 'history[0].messages must be 1..100000, got: 0'],
  [{ retain: { topics: ['a*b'] } }, 'retain.topics[0] must be an exact topic or a prefix followed by *, got: a*b'],
  [{ profile: 'fast' }, 'profile must be one of default, latency, got: fast'],
  [{ latency: { spinUs: 1001 } }, 'latency.spinUs must be 0..1000 µs, got: 1001'],
  [{ slowPolicy: 'drop' }, 'slowPolicy must be one of disconnect, drop-oldest, latest, got: drop'],
  [{ slowConsumers: {} }, 'slowConsumers must be a list of rules, got: {}'],
  [{ slowConsumers: [{}] }, 'slowConsumers[0].topics must be an exact topic or a prefix followed by *, got: nothing'],
  [{ slowConsumers: [{ topics: 'a*b' }] }, 'slowConsumers[0].topics must be an exact topic or a prefix followed by *, got: a*b'],
  [{ slowConsumers: [{ topics: '*', ageMs: 5 }] }, `slowConsumers[0].ageMs ${known}, got: 5`],
  [
    { slowConsumers: [{ topics: '*' }, { topics: 'a' }] },
    'slowConsumers[0].topics must not match everything before the last rule, got: *',
  ],
  [
    { slowConsumers: [{ topics: '*' }], slowPolicy: 'latest' },
    'slowPolicy must be absent when slowConsumers ends with a rule for *, got: latest',
  ],
  [
    { limits: { messageBytesMax: '1MiB', receiveBufferBytesMax: '1MiB' } },
    'limits.messageBytesMax must be at most half of limits.receiveBufferBytesMax (1048576), got: 1MiB',
  ],
  [
    { limits: { messageBytesMax: '1MiB', logBytesMax: '2MiB' } },
    'limits.messageBytesMax must be at most a quarter of limits.logBytesMax (2097152), got: 1MiB',
  ],
  [
    { limits: { messageBytesMax: '5MiB' }, slowConsumers: [{ topics: 'a' }, { topics: 'b', bytesBehindMax: '16MiB' }] },
    'limits.messageBytesMax must be at most a quarter of slowConsumers[1].bytesBehindMax (16777216), got: 5MiB',
  ],
  [
    { slowConsumers: [{ topics: '*', bytesBehindMax: '64KiB' }] },
    'limits.messageBytesMax must be at most a quarter of slowConsumers[0].bytesBehindMax (65536), got: 65536',
  ],
  [
    { limits: { messageBytesMax: '2MiB' }, slowConsumers: [{ topics: '*', bytesBehindMax: '16MiB' }], grpc: {} },
    'limits.messageBytesMax must be less: as JSON or server-sent events its frames can be 12587008 bytes, '
    + 'at most half of slowConsumers[0].bytesBehindMax (16777216) is allowed, got: 2MiB',
  ],
  [
    { limits: { messageBytesMax: '128KiB', logBytesMax: '1MiB' }, pusher: { apps: [app] } },
    'limits.messageBytesMax must be less: as JSON or server-sent events its frames can be 790528 bytes, '
    + 'at most half of limits.logBytesMax (1048576) is allowed, got: 128KiB',
  ],
  [
    { limits: { messageBytesMax: '256KiB' }, slowConsumers: [{ topics: '*', bytesBehindMax: '2MiB' }], grpc: {}, pusher: { apps: [app] } },
    'limits.messageBytesMax must be less: as JSON or server-sent events its frames can be 1839104 bytes, '
    + 'at most half of slowConsumers[0].bytesBehindMax (2097152) is allowed, got: 256KiB',
  ],
  [{ grpc: { port: 70_000 } }, 'grpc.port must be 0..65535, got: 70000'],
  [{ grpc: { streamsPerConnectionMax: 0 } }, 'grpc.streamsPerConnectionMax must be 1..1000000, got: 0'],
  [{ limts: { messageBytesMax: 5 } }, `limts ${known} (did you mean limits?), got: {"messageBytesMax":5}`],
  [{ messageBytesMax: 5 }, `messageBytesMax ${known} (did you mean limits.messageBytesMax?), got: 5`],
  [{ slowConsumers: [{ topics: '*', polcy: 'latest' }] }, `slowConsumers[0].polcy ${known} (did you mean slowConsumers[0].policy?), got: latest`],
  [{ pusher: { apps: [{ id: 'a', key: 'k', secret: 's'.repeat(8), limits: { batchEventMax: 5 } }] } },
    `pusher.apps[0].limits.batchEventMax ${known} (did you mean pusher.apps[0].limits.batchEventsMax?), got: 5`],
  [{ frobnicate: 5 }, `frobnicate ${known}, got: 5`],
  [{ grpc: { streams: 5 } }, `grpc.streams ${known} (did you mean grpc.streamsMax?), got: 5`],
  [
    { grpc: { bufferBytesPerConnectionMax: '64KiB' } },
    'grpc.bufferBytesPerConnectionMax must be at least limits.messageBytesMax and 5 bytes (65541), got: 64KiB',
  ],
  [
    { grpc: { bufferBytesPerConnectionMax: '2MiB', bufferBytesMax: '1MiB' } },
    'grpc.bufferBytesMax must be at least grpc.bufferBytesPerConnectionMax (2097152), got: 1MiB',
  ],
  [
    { limits: { messageBytesMax: '4MiB' }, grpc: { bufferBytesMax: '1MiB' } },
    'grpc.bufferBytesMax must be at least limits.messageBytesMax and 5 bytes (4194309), got: 1MiB',
  ],
  [{ trustedProxies: ['10.0.0.1/8'] }, `trustedProxies[0] ${noNetwork}, got: 10.0.0.1/8`],
  [{ trustedProxies: ['::1', 'proxy.example'] }, `trustedProxies[1] ${noNetwork}, got: proxy.example`],
  [{ trustedProxies: [7] }, `trustedProxies[0] ${noNetwork}, got: 7`],
  [{ trustedProxies: '10.0.0.0/8' }, 'trustedProxies must be a list of addresses and networks, got: 10.0.0.0/8'],
  [{ trustedProxies: Array(1001).fill('::1') }, /^trustedProxies must be a list of at most 1000 addresses and networks, got: \["::1",/],
  [{ forwardedHeader: 'x-real-ip' }, 'forwardedHeader must be one of x-forwarded-for, forwarded, none, got: x-real-ip'],
  [{ publish: { proxyProtocol: 'v2' } }, 'publish.proxyProtocol must be true or false, got: v2'],
  [{ publish: { proxyProtocol: true } }, 'publish.proxyProtocol must be false where trustedProxies lists nobody, got: true'],
  [
    { trustedProxies: [], pusher: { proxyProtocol: true }, grpc: { proxyProtocol: '1' }, responder: { listen: [80], proxyProtocol: true } },
    ['pusher', 'grpc', 'responder'].map((key) => `${key}.proxyProtocol must be false where trustedProxies lists nobody, got: ${key === 'grpc' ? 1 : true}`).join('\n'),
  ],
  [{ api: { proxyProtocol: true } }, 'api.proxyProtocol must be false where trustedProxies lists nobody, got: true'],
  [{ trustedProxies: ['::1'], api: { proxyProtocol: true, server: 'uws' } }, 'api.proxyProtocol must be false where api.server is uws, which cannot read it, got: true'],
  [{ timeouts: { keepAliveMs: 9 } }, 'timeouts.keepAliveMs must be 10..3600000 ms, got: 9'],
  [{ log: { level: 'info' } }, `log ${known}, got: {"level":"info"}`],
  [5, 'must be a section of keys, got: 5'],
]

function messageOf(task: () => unknown): string {
  try {
    task()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'accepted'
}

test('refused options, with the exact line', async (t) => {
  for (const [raw, message] of refused) {
    const got = messageOf(() => parseOptions(raw))
    if (typeof message === 'string') t.equal(got, message, message)
    else t.match(got, message)
  }
})

test('several problems are several lines', async (t) => {
  t.equal(messageOf(() => parseOptions({ shards: 0, publish: { port: -1 } })), [
    'publish.port must be 0..65535, got: -1',
    'shards must be 1..64, got: 0',
  ].join('\n'))
})

test('a long value is cut', async (t) => {
  const message = messageOf(() => parseOptions({ shards: 'x '.repeat(5000) }))
  t.ok(message.length < 200, message)
})

test('defaults', async (t) => {
  const config = parseOptions({})
  t.match(config, {
    publish: { port: 8001 },
    subscribe: { port: 8002 },
    reusePort: false,
    io: 'auto',
    cpus: null,
    limits: {
      messageBytesMax: 65_536, fragmentsPerMessageMax: 1024, controlFramesPerSecondMax: 100, handshakeBytesMax: 16_384,
      handshakeHeadersMax: 100, topicBytesMax: 200, topicsPerConnectionMax: 64,
    },
    timeouts: { handshakeMs: 10_000, keepAliveMs: 75_000, messageMs: 30_000, pingIntervalMs: 30_000, pongMs: 10_000, closeMs: 5000, drainMs: 5000 },
    slowConsumers: [],
  })
  t.equal(config.publish?.hosts, undefined)
  t.strictSame(parseOptions(config), config, 'parsing twice changes nothing')
})

test('values as people write them', async (t) => {
  const config = parseOptions({
    publish: { hosts: ['[::1]', 'broker.local'], port: '0' }, subscribe: { port: 0 },
    limits: { messageBytesMax: '128KiB' }, timeouts: { closeMs: '2s' }, reusePort: '1', shards: '3',
  })
  t.match(config, {
    publish: { hosts: ['::1', 'broker.local'], port: 0 }, limits: { messageBytesMax: 131_072 }, timeouts: { closeMs: 2000 },
    reusePort: true, shards: 3,
  })
})

test('the command also knows its log', async (t) => {
  t.strictSame(parseConfig({}, () => null).log, { level: 'info', format: 'auto' })
  t.equal(
    messageOf(() => parseConfig({ log: { level: 'loud' } }, () => '--log-level')),
    'log.level must be one of trace, debug, info, warn, error, silent, got: loud (from --log-level)',
  )
})

test('gRPC: on for the command, off inside a program', async (t) => {
  t.equal(parseOptions({}).grpc, null)
  t.strictSame(parseConfig({}, () => null).grpc, { port: 50_051, streamsPerConnectionMax: 100_000, proxyProtocol: false })
  t.equal(parseConfig({ grpc: null }, () => null).grpc, null)
  t.match(parseOptions({ grpc: {} }).grpc, { port: 50_051 })
})

test('Pusher apps', async (t) => {
  const table: [unknown, string][] = [
    [[app, { ...app, key: 'key-b' }], 'pusher.apps[1].id must differ from the other apps\', got: a'],
    [[app, { ...app, id: 'b' }], 'pusher.apps[1].key must differ from the other apps\', got: key-a'],
    [[{ ...app, id: 'a/b' }], 'pusher.apps[0].id must be 1..28 letters, digits, _ or -, got: a/b'],
    [[{ ...app, secret: 'short' }], 'pusher.apps[0].secret must be 8..256 visible ASCII characters, got: (hidden)'],
    [[{ ...app, origins: ['example.com'] }], 'pusher.apps[0].origins[0] must be <scheme>://<host> and a port or none, where <host> may begin with *., or *, got: example.com'],
    [[{ ...app, origins: ['https://a.*.com'] }], 'pusher.apps[0].origins[0] must be <scheme>://<host> and a port or none, where <host> may begin with *., or *, got: https://a.*.com'],
    [[{ ...app, limits: { payloadBytesMax: 65_537 } }], 'pusher.apps[0].limits.payloadBytesMax must be at most limits.messageBytesMax (65536), got: 65537'],
    [[{ ...app, limits: { presenceInfoBytesMax: 65_025 } }], 'pusher.apps[0].limits.presenceInfoBytesMax must be at most limits.messageBytesMax less 512 (65024), got: 65025'],
    [[{ ...app, webhooks: [{ url: 'ftp://x' }] }], 'pusher.apps[0].webhooks[0].url must be an http or https URL, got: ftp://x'],
  ]
  for (const [apps, message] of table) t.equal(messageOf(() => parseOptions({ pusher: { apps } })), message)
  t.equal(
    messageOf(() => parseOptions({ pusher: { apps: [app] }, limits: { topicBytesMax: 199 } })),
    'limits.topicBytesMax must be at least 200 when there are Pusher apps, got: 199',
  )
  const exact = { ...app, origins: ['https://*.Example.com', '*'], limits: { payloadBytesMax: 65_536, presenceInfoBytesMax: 65_024 } }
  t.match(parseOptions({ pusher: { apps: [exact] } }).pusher.apps[0], { ...exact, origins: ['https://*.example.com', '*'] })
  t.match(parseOptions({ pusher: { apps: [app] } }).pusher.apps[0], { clientEvents: false, limits: { payloadBytesMax: 10_240 } })
})

test('the Pusher listener', async (t) => {
  t.match(parseOptions({}).pusher, { path: '', drainCode: 4100 })
  for (const path of ['/ws', '/a/b-c', '/v1.0/~x']) t.equal(parseOptions({ pusher: { path } }).pusher.path, path)
  for (const path of ['ws', '/', '/ws/', '//ws', '/a b', '/a?b']) {
    t.match(messageOf(() => parseOptions({ pusher: { path } })), /^pusher\.path must be a path such as \/ws, without a slash at its end, got: /, path)
  }
  t.equal(parseOptions({ pusher: { drainCode: 4200 } }).pusher.drainCode, 4200)
  t.equal(messageOf(() => parseOptions({ pusher: { drainCode: 4009 } })), 'pusher.drainCode must be one of 4100, 4200, got: 4009')
})
