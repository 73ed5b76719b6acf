/**
 * The addon's contract with whatever a program passes: a wrong type is a TypeError, a value out of bounds a RangeError, both naming
 * the argument and what they got, and the process lives. Each table runs in a process of its own, which would show an abort.
 */

import { test, type Test } from 'tap'
import { runScript } from './support/script.js'

type Outcome = readonly [call: string, error: string, message: string]

/** What scripts begin with: `options` of a whole engine, `attempt` notes what a call throws, `report` prints all notes. */
const prelude = `
const addon = require(addonFile)
const { WebSocket } = require(addonFile.replace(/build.*/, 'node_modules/ws'))
const { once } = await import('node:events')
const whole = await start({
  grpc: { port: 0 }, responder: { listen: [0] }, retain: { topics: ['*'] }, cpus: [0], shards: 1, io: 'epoll',
  pusher: { port: 0, apps: [{ id: 'a', key: 'k', secret: 'a-secret-of-some-length' }] },
})
whole.stop()
const options = { ...structuredClone(whole.options), tls: [] } // which shows no keys
options.listeners[0].socketMode = 0o660
const notes = []
const attempt = (call, task) => {
  try {
    const value = task()
    notes.push([call, 'none', String(value)])
    return value
  } catch (error) {
    notes.push([call, error.constructor.name, error.code === undefined ? error.message : error.code + ': ' + error.message])
  }
}
const report = () => process.stdout.write(JSON.stringify(notes))
const createEngine = (onEvents = () => {}) => addon.createEngine(options, onEvents)
/** A session that has been opened, and what its client is told. */
const openSession = async () => {
  let opened
  const id = new Promise((resolve) => { opened = resolve })
  const engine = createEngine((events) => {
    for (const event of events) if (event.type === 'session-open') opened(event.id)
  })
  const { port } = engine.listeners.find(({ protocol, address }) => protocol === 'pusher' && address === '127.0.0.1')
  const client = new WebSocket('ws://127.0.0.1:' + port + '/app/k')
  client.on('error', () => {})
  const closed = once(client, 'close')
  const messages = []
  client.on('message', (data) => messages.push(data.toString()))
  return { engine, id: await id, client, closed, messages }
}
`

async function run(t: Test, script: string): Promise<readonly Outcome[]> {
  const { stdout, stderr, code, signal } = await runScript(t, prelude + script)
  t.strictSame({ stderr, code, signal }, { stderr: '', code: 0, signal: null }, 'the process lives')
  return JSON.parse(stdout === '' ? '[]' : stdout) as Outcome[]
}

/** Every key of the options, given each of these. */
const strangers = [
  'NaN', '-1', '-(2 ** 63)', '0.5', '2 ** 53', '2 ** 64', 'Infinity', '-Infinity', '"a"', '""', 'undefined', 'null', '{}', '[]', '[undefined]', '[{}]',
  '1n', 'Symbol("a")', '() => {}', 'new Proxy({}, {})', '"\\u0000"', '"\\ud800"', '"x".repeat(1e6)',
]

const texts = ['"a"', '""', '"\\u0000"', '"\\ud800"', '"x".repeat(1e6)']

/** The strangers that an option may take, by its key: no listener, no CPU, any text where it is one. */
const welcome: Readonly<Record<string, readonly string[]>> = {
  'options.listeners': ['[]'],
  'options.cpus': ['null', '[]'],
  'options.retain.topics': ['[]'],
  'options.retain.topics.0': texts,
  'options.responder.text': texts,
  'options.responder.missing': texts,
  'options.reservedTopics': ['[]'],
  'options.proxies.trusted': ['[]'],
  'options.tls': ['[]'],
  'options.history.rules': ['[]'],
  'options.reservedTopics.0': texts,
  // Two addresses each of publish, subscribe, pusher, grpc and the responder.
  ...Object.fromEntries(Array.from({ length: 10 }, (_, at): [string, string[]][] => [
    [`options.listeners.${at}.origins`, ['null', '[]']], [`options.listeners.${at}.names`, ['[]']],
    [`options.listeners.${at}.socketMode`, ['null']], [`options.listeners.${at}.tls`, ['null']],
  ]).flat()),
}

test('createEngine: every option, every kind of wrong value', async (t) => {
  const outcomes = await run(t, `
    const strangers = { ${strangers.map((text) => `${JSON.stringify(text)}: ${text}`).join(', ')} }
    const visit = (owner, key, path) => {
      const value = owner[key]
      if (typeof value === 'object' && value !== null) for (const each of Object.keys(value)) visit(value, each, path + '.' + each)
      for (const [name, stranger] of Object.entries(strangers)) {
        owner[key] = stranger
        attempt(path + ' ' + name, () => createEngine().stop())
      }
      owner[key] = value
    }
    for (const key of Object.keys(options)) visit(options, key, 'options.' + key)
    attempt('the right ones', () => createEngine().stop())
    report()`)
  const taken = outcomes.filter(([, error]) => error === 'none').map(([call]) => call)
  const mayBeTaken = Object.entries(welcome).flatMap(([path, names]) => names.map((name) => `${path} ${name}`))
  t.strictSame(taken.sort(), [...mayBeTaken, 'the right ones'].sort())
  const refused = outcomes.filter(([, error]) => error !== 'none')
  t.ok(refused.length > 1000, `${refused.length} were refused`)
  const unclear = refused.filter(([, error, message]) => !/^(TypeError|RangeError)$/.test(error) || !/ must (be|have) .*, got: ./.test(message))
  t.strictSame(unclear, [], 'each refusal says what must be and what it got')
  const long = refused.filter(([, , message]) => message.length > 400)
  t.strictSame(long, [], 'and keeps short')
})

test('createEngine: every number at both ends of its bounds', async (t) => {
  const outcomes = await run(t, `
    const numbers = []
    const visit = (owner, key, path) => {
      if (typeof owner[key] === 'number') numbers.push([owner, key, path])
      else if (typeof owner[key] === 'object' && owner[key] !== null) for (const each of Object.keys(owner[key])) visit(owner[key], each, path + '.' + each)
    }
    for (const key of Object.keys(options)) visit(options, key, key)
    const bounds = (owner, key) => {
      try {
        owner[key] = -1
        createEngine()
      } catch (error) {
        return / (\\d+)\\.\\.(\\d+), got: -1$/.exec(error.message).slice(1).map(Number)
      }
    }
    for (const [owner, key, path] of numbers) {
      if (key === 'port') continue
      const before = owner[key]
      for (const value of bounds(owner, key)) {
        owner[key] = value
        attempt(path + ' ' + value, () => {
          const engine = createEngine()
          const offset = engine.publish('a', 'text', null)
          engine.stats(), engine.topicStats(10), engine.drain(0), engine.stop()
          return offset
        })
        for (const over of [value - 1, value + 1]) {
          owner[key] = over
          if (over < bounds(owner, key)[0] || over > bounds(owner, key)[1]) {
            owner[key] = over
            attempt('over', () => createEngine())
          }
        }
      }
      owner[key] = before
    }
    report()`)
  const at = outcomes.filter(([call]) => call !== 'over')
  t.ok(at.length > 60, `${at.length} ends`)
  // A message of one byte has no room for four; everything else does.
  t.strictSame(at.filter(([, error, text]) => error !== 'none' || text !== '0'), [['limits.messageBytesMax 1', 'Error', 'ERR_MESSAGE_BYTES: the payload is over messageBytesMax, got: 4 bytes']])
  const over = outcomes.filter(([call]) => call === 'over')
  t.equal(over.length, at.length, 'one beyond each end is refused')
  t.strictSame(over.filter(([, error]) => error !== 'RangeError'), [])
})

const details = '{ event: null, userId: null, excluded: 0 }'
const terms = '{ namespace: "", publicationsPerSecondMax: 0, publicationBytesMax: 1, reportPublications: false }'
const join = '{ greeting: [], publishes: false, userId: null }'

/** [call on an engine with a session `id`, error, message]; `none` and what it returns. */
const calls: readonly Outcome[] = [
  ['publish()', 'TypeError', 'topic must be a string, got: undefined'],
  ['publish(5, "a", null)', 'TypeError', 'topic must be a string, got: 5'],
  ['publish("", "a", null)', 'Error', /^ERR_TOPIC: .*, got: ""$/.source],
  ['publish("a\\nb", "a", null)', 'Error', /^ERR_TOPIC: .*, got: "a\nb"$/.source],
  ['publish("a".repeat(1e7), "a", null)', 'Error', /^ERR_TOPIC: .*, got: "a{100}…" \(10000000 bytes\)$/.source],
  ['publish("a", null, null)', 'TypeError', 'payload must be a string or a Uint8Array, got: null'],
  ['publish("a", new Uint16Array(1), null)', 'TypeError', 'payload must be a string or a Uint8Array, got: an object'],
  ['publish("a", new DataView(new ArrayBuffer(1)), null)', 'TypeError', 'payload must be a string or a Uint8Array, got: an object'],
  ['publish("a", new Uint8Array(2 ** 32), null)', 'Error', 'ERR_MESSAGE_BYTES: the payload is over messageBytesMax, got: 4294967296 bytes'],
  ['publish("a", "a".repeat(2 ** 28), null)', 'Error', 'ERR_MESSAGE_BYTES: the payload is over messageBytesMax, got: 268435456 bytes'],
  ['publish("a", "\\ud800", null)', 'none', '0'],
  ['publish("a", detached(), null)', 'none', '1'],
  ['publish("a", shrunk(), null)', 'none', '2'],
  ['publish("a", new Uint8Array(new SharedArrayBuffer(4)), null)', 'none', '3'],
  ['publish("a", "a")', 'TypeError', 'details must be an object, got: undefined'],
  ['publish("a", "a", {})', 'TypeError', 'event must be a string, got: undefined'],
  [`publish("a", "a", { ...${details}, event: "e".repeat(1025) })`, 'RangeError', /^event must be at most 1024 bytes, got: "e{100}…" \(1025 bytes\)$/.source],
  [`publish("a", "a", { ...${details}, userId: "é".repeat(513) })`, 'RangeError', /^userId must be at most 1024 bytes, got: "é{50}…" \(1026 bytes\)$/.source],
  [`publish("a", "a", { ...${details}, excluded: -1 })`, 'RangeError', 'excluded must be a whole number, 0..9007199254740991, got: -1'],
  [`publish("a", "a", { ...${details}, excluded: NaN })`, 'RangeError', 'excluded must be a whole number, 0..9007199254740991, got: NaN'],
  [`publish("a", "a", { ...${details}, get event() { throw new SyntaxError("mine") } })`, 'SyntaxError', 'mine'],
  ['publish.call({}, "a", "a", null)', 'TypeError', 'Illegal invocation'],
  ['constructor({}, () => {})', 'TypeError', '.*'],
  ['topicStats(-1)', 'RangeError', 'max must be a whole number, 0..4294967295, got: -1'],
  ['topicStats(2 ** 32)', 'RangeError', 'max must be a whole number, 0..4294967295, got: 4294967296'],
  ['topicStats(0)', 'none', ''],
  ['topicStat(null)', 'TypeError', 'topic must be a string, got: null'],
  ['topicStat("\\u0000".repeat(1e6))', 'none', 'null'],
  ['setConnectionEvents(1)', 'TypeError', 'on must be a boolean, got: 1'],
  [`acceptSession("1", ${terms})`, 'TypeError', 'id must be a number, got: "1"'],
  [`acceptSession(0.5, ${terms})`, 'RangeError', 'id must be a whole number, 0..9007199254740991, got: 0.5'],
  [`acceptSession(2 ** 53, ${terms})`, 'RangeError', 'id must be a whole number, 0..9007199254740991, got: 9007199254740992'],
  ['acceptSession(id, null)', 'TypeError', 'options must be an object, got: null'],
  [`acceptSession(id, { ...${terms}, publicationsPerSecondMax: 65536 })`, 'RangeError', 'publicationsPerSecondMax must be a whole number, 0..65535, got: 65536'],
  [`acceptSession(id, { ...${terms}, publicationBytesMax: 0 })`, 'RangeError', 'publicationBytesMax must be a whole number, 1..1048576, got: 0'],
  [`acceptSession(id, ${terms})`, 'none', 'undefined'],
  [`acceptSession(id, ${terms})`, 'none', 'undefined'],
  ['sendToSession(id, 5)', 'TypeError', 'text must be a string, got: 5'],
  ['sendToSession(Infinity, "a")', 'RangeError', 'id must be a whole number, 0..9007199254740991, got: Infinity'],
  ['sendToSession(2 ** 53 - 1, "to nobody")', 'none', 'undefined'],
  ['sendToSession(id, "")', 'none', 'undefined'],
  [`joinTopic(id, "", ${join})`, 'Error', /^ERR_TOPIC: /.source],
  ['joinTopic(id, "a", {})', 'TypeError', 'greeting must be an array, got: undefined'],
  [`joinTopic(id, "a", { ...${join}, greeting: ["a", 5] })`, 'TypeError', 'each of greeting must be a string, got: 5'],
  [`joinTopic(id, "a", { ...${join}, greeting: new Array(1e6) })`, 'RangeError', 'greeting must have at most 10000 elements, got: 1000000'],
  [`joinTopic(2 ** 53 - 1, "a", ${join})`, 'none', 'undefined'],
  [`joinTopic(0, "a", ${join})`, 'none', 'undefined'],
  [`joinTopic(id, "a", ${join})`, 'none', 'undefined'],
  [`joinTopic(id, "a", ${join})`, 'none', 'undefined'],
  ['leaveTopic(id, undefined)', 'TypeError', 'topic must be a string, got: undefined'],
  ['leaveTopic(id, "never joined")', 'none', 'undefined'],
  ['leaveTopic(id, "a".repeat(1e7))', 'none', 'undefined'],
  ['isTrustedProxy(5)', 'TypeError', 'address must be a string, got: 5'],
  ['isTrustedProxy("localhost")', 'none', 'false'],
  ['isTrustedProxy("x".repeat(1e6))', 'none', 'false'],
  ['forwardedClient(null)', 'TypeError', 'value must be a string, got: null'],
  ['forwardedClient(",".repeat(1e6))', 'none', 'null'],
  ['readProxyHeader(5)', 'TypeError', 'bytes must be a string or a Uint8Array, got: 5'],
  ['readProxyHeader(new Uint8Array(0))', 'none', 'null'],
  ['readProxyHeader(new Uint8Array(1e6)).problem', 'none', 'a PROXY header must come first from this address (proxyProtocol)'],
  ['drain(-1)', 'RangeError', 'drainMs must be a whole number, 0..3600000, got: -1'],
  ['drain(3600001)', 'RangeError', 'drainMs must be a whole number, 0..3600000, got: 3600001'],
  ['closeSession(id, 1000)', 'TypeError', 'reason must be a string, got: undefined'],
  ['closeSession(id, "1000", "")', 'TypeError', 'code must be a number, got: "1000"'],
  ['listen(5, { messagesMax: 1, bytesMax: 1 })', 'TypeError', 'topic must be a string, got: 5'],
  ['listen("ear", null)', 'TypeError', 'limits must be an object, got: null'],
  ['listen("ear", {})', 'TypeError', 'messagesMax must be a number, got: undefined'],
  ['listen("ear", { messagesMax: 0, bytesMax: 1 })', 'RangeError', 'messagesMax must be a whole number, 1..1000000, got: 0'],
  ['listen("ear", { messagesMax: 1, bytesMax: 2 ** 30 + 1 })', 'RangeError', 'bytesMax must be a whole number, 1..1073741824, got: 1073741825'],
  ['listen("", { messagesMax: 1, bytesMax: 1 })', 'Error', /^ERR_TOPIC: .*, got: ""$/.source],
  ['listen("ear", { messagesMax: 1, bytesMax: 1, get messagesMax() { throw new SyntaxError("mine") } })', 'SyntaxError', 'mine'],
  ['listen.call({}, "ear", { messagesMax: 1, bytesMax: 1 })', 'TypeError', 'Illegal invocation'],
  ['hear(NaN, 1)', 'RangeError', 'id must be a whole number, 1..9007199254740991, got: NaN'],
  ['hear(1, 0)', 'RangeError', 'max must be a whole number, 1..1000000, got: 0'],
  ['hear(2 ** 53 - 1, 1000000)', 'none', ''],
  ['dropped("1")', 'TypeError', 'id must be a number, got: "1"'],
  ['dropped(2 ** 53 - 1)', 'none', '0'],
  ['unlisten(0)', 'RangeError', 'id must be a whole number, 1..9007199254740991, got: 0'],
  ['unlisten(2 ** 53 - 1)', 'none', 'undefined'],
  ['unlisten(engine.listen("ear", { messagesMax: 1, bytesMax: 1 }))', 'none', 'undefined'],
  ['takeBack(-1, 0, "127.0.0.1:1", "")', 'RangeError', 'fd must be a whole number, 0..2147483647, got: -1'],
  ['takeBack(2 ** 31, 0, "127.0.0.1:1", "")', 'RangeError', 'fd must be a whole number, 0..2147483647, got: 2147483648'],
  ['takeBack(2 ** 31 - 1, 0, "127.0.0.1:1", "")', 'Error', 'EBADF: cannot take the connection back: Bad file descriptor'],
  ['takeBack(0, 65536, "127.0.0.1:1", "")', 'RangeError', 'listener must be a whole number, 0..65535, got: 65536'],
  ['takeBack(0, 65535, "127.0.0.1:1", "")', 'RangeError', 'listener must be one that shares its port with HTTP, got: 65535'],
  ['takeBack(0, 0, "localhost:1", "")', 'RangeError', 'peer must be an address and a port, or unix, got: "localhost:1"'],
  ['takeBack(0, 0, "127.0.0.1:1", null)', 'TypeError', 'head must be a string or a Uint8Array, got: null'],
]

test('every call of an engine with wrong arguments', async (t) => {
  const outcomes = await run(t, `
    const detached = () => {
      const bytes = new Uint8Array(64)
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
      return bytes
    }
    const shrunk = () => {
      const buffer = new ArrayBuffer(64, { maxByteLength: 64 })
      const bytes = new Uint8Array(buffer, 32, 32)
      buffer.resize(1)
      return bytes
    }
    const { engine, id, client, closed, messages } = await openSession()
    ${calls.map(([call]) => `attempt(${JSON.stringify(call)}, () => engine.${call})`).join('\n')}
    engine.sendToSession(id, 'the end')
    while (messages.at(-1) !== 'the end') await once(client, 'message')
    engine.closeSession(id, 4000, 'r'.repeat(1000))
    const [code, reason] = await closed
    attempt('closed', () => code + ' ' + reason.length)
    engine.stop()
    report()`)
  for (const [index, [call, error, message]] of [...calls, ['closed', 'none', '4000 123'] as Outcome].entries()) {
    const found = outcomes[index] ?? ['', '', '']
    t.strictSame([found[0], found[1]], [call, error])
    if (message.startsWith('^') || message === '.*') t.match(found[2], new RegExp(message, 'u'), call)
    else t.equal(found[2], message, call)
  }
})

test('closeSession: every code is sent or refused', async (t) => {
  const maySend = (code: number) => (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
  const codes = [...Array.from({ length: 20 }, (_, index) => 998 + index), 2999, 3000, 4999, 5000, 65_535, 65_536, 66_536, -1, 0.5]
  const outcomes = await run(t, `
    for (const code of ${JSON.stringify(codes)}) {
      const { engine, id, client, closed } = await openSession()
      attempt('call', () => engine.closeSession(id, code, 'bye'))
      if (notes.at(-1)[1] !== 'none') engine.stop()
      const [sent] = await closed
      engine.stop()
      attempt('sent', () => sent)
    }
    report()`)
  for (const [index, code] of codes.entries()) {
    const [call, sent] = outcomes.slice(index * 2)
    if (maySend(code)) t.strictSame([call, sent], [['call', 'none', 'undefined'], ['sent', 'none', String(code)]])
    else t.match([call, sent], [['call', 'RangeError', new RegExp(`^code must be .*, got: ${code}$`)], ['sent', 'none', '1006']])
  }
})

/** Calls of an engine that has ended, or that ends while the arguments are read. */
const late: readonly string[] = [
  'publish("a", "a", null)', 'stats()', 'status()', 'flightRecords()', 'topicStats(1)', 'topicStat("a")', 'setConnectionEvents(true)',
  `acceptSession(1, ${terms})`, 'sendToSession(1, "a")', `joinTopic(1, "a", ${join})`, 'leaveTopic(1, "a")', 'closeSession(1, 1000, "")',
  'takeBack(0, 0, "127.0.0.1:1", "")', 'listen("a", { messagesMax: 1, bytesMax: 1 })', 'drain(0)', 'isTrustedProxy("127.0.0.1")', 'forwardedClient("")',
]
const stopping = [
  `publish("a", "a", { ...${details}, get event() { engine.stop(); return null } })`,
  `acceptSession(1, { ...${terms}, get namespace() { engine.stop(); return "" } })`,
  `joinTopic(1, "a", { ...${join}, get greeting() { engine.stop(); return [] } })`,
  'listen("a", { bytesMax: 1, get messagesMax() { engine.stop(); return 1 } })',
]

test('calls after stop, and stop in the middle of a call', async (t) => {
  const outcomes = await run(t, `
    const ended = createEngine()
    ended.stop()
    ended.stop()
    ${late.map((call) => `attempt(${JSON.stringify(call)}, () => ended.${call})`).join('\n')}
    ${stopping.map((call) => `{ const engine = createEngine(); attempt(${JSON.stringify(call)}, () => engine.${call}) }`).join('\n')}
    {
      const bytes = new Uint8Array(1024)
      const engine = createEngine()
      const detach = { event: null, userId: null, get excluded() { structuredClone(bytes.buffer, { transfer: [bytes.buffer] }); return 0 } }
      attempt('detached while it is read', () => engine.publish('a', bytes, detach))
      engine.stop()
    }
    const engine = createEngine((events) => { for (const { type } of events) if (type === 'drained') engine.stop() })
    engine.drain(0)
    report()`)
  for (const [index, call] of [...late, ...stopping].entries()) {
    t.strictSame(outcomes[index], [call, 'Error', 'ERR_CLOSED: the broker is closed'])
  }
  t.strictSame(outcomes.at(-1), ['detached while it is read', 'none', '0'])
})

test('an engine belongs to its thread', async (t) => {
  const outcomes = await run(t, `
    const engine = createEngine()
    const { port1 } = new MessageChannel()
    attempt('postMessage', () => port1.postMessage({ publish: engine.publish }))
    port1.close()
    engine.stop()
    report()`)
  t.match(outcomes, [['postMessage', 'DOMException', /could not be cloned/]])
})
