import { test } from 'tap'
import { assignmentEntry, environmentEntries, fileEntries, flagEntry, foreignVariables } from '../../../src/config/sources.js'

test('variables become entries', async (t) => {
  t.strictSame(environmentEntries({
    PATH: '/bin', BROKER_CONFIG: 'x.yaml', BROKER_SHARDS: '', BROKER_PUBLISH_PORT: '9', BROKER_PUBLISH_HOSTS: '127.0.0.1, ::1',
    BROKER_CPUS: 'null', BROKER_SLOW_CONSUMERS: '[{topics: "a*", policy: latest}]',
  }), [
    { path: ['publish', 'port'], value: '9', source: 'BROKER_PUBLISH_PORT' },
    { path: ['publish', 'hosts'], value: ['127.0.0.1', '::1'], source: 'BROKER_PUBLISH_HOSTS' },
    { path: ['cpus'], value: null, source: 'BROKER_CPUS' },
    { path: ['slowConsumers'], value: [{ topics: 'a*', policy: 'latest' }], source: 'BROKER_SLOW_CONSUMERS' },
  ])
})

test("a variable that is not ours is passed over, and told of", async (t) => {
  const env = { BROKER_URL: 'amqp://x', BROKER_SHARDS: '2', BROKER_CONFIG: 'x', BROKER_EMPTY_ONE: '', BROKER_SERVICE_HOST: '10.0.0.1', BROKER_SHARD: '2', OTHER: '1' }
  t.strictSame(foreignVariables(env), ['BROKER_URL'])
  t.strictSame(environmentEntries({ BROKER_URL: 'amqp://x', BROKER_SHARDS: '2' }), [{ path: ['shards'], value: '2', source: 'BROKER_SHARDS' }])
})

test('a variable that is nearly ours is refused', async (t) => {
  t.throws(() => environmentEntries({ BROKER_SHARD: '5' }), { message: 'BROKER_SHARD is not a known variable (did you mean BROKER_SHARDS?), got: 5' })
  t.throws(() => environmentEntries({ BROKER_LIMITS_MESSAGE_BYTE_MAX: '5' }), {
    message: 'BROKER_LIMITS_MESSAGE_BYTE_MAX is not a known variable (did you mean BROKER_LIMITS_MESSAGE_BYTES_MAX?), got: 5',
  })
  t.throws(() => environmentEntries({ BROKER_SLOW_CONSUMERS: '[{' }), {
    message: 'slowConsumers must be a list, got: "[{" (from BROKER_SLOW_CONSUMERS)',
  })
})

test('variables of a Kubernetes service with our name are not ours', async (t) => {
  t.strictSame(environmentEntries({
    BROKER_SERVICE_HOST: '10.0.0.1', BROKER_SERVICE_PORT: '8001', BROKER_SERVICE_PORT_PUBLISH: '8001', BROKER_PORT: 'tcp://10.0.0.1:8001',
    BROKER_PORT_8001_TCP: 'tcp://10.0.0.1:8001', BROKER_PORT_8001_TCP_PROTO: 'tcp', BROKER_PORT_8001_TCP_ADDR: '10.0.0.1',
    BROKER_PUBLISH_PORT: 'tcp://10.0.0.1:8001',
  }), [])
})

test('an address of the responder is a value like any other', async (t) => {
  t.strictSame(environmentEntries({ BROKER_RESPONDER_LISTEN: 'tcp://127.0.0.1:8080,unix:/run/b.sock' }), [
    { path: ['responder', 'listen'], value: ['tcp://127.0.0.1:8080', 'unix:/run/b.sock'], source: 'BROKER_RESPONDER_LISTEN' },
  ])
})

test('--set', async (t) => {
  t.strictSame(assignmentEntry('limits.messageBytesMax=1MiB'), { path: ['limits', 'messageBytesMax'], value: '1MiB', source: '--set' })
  t.strictSame(assignmentEntry('cpus=0,1'), { path: ['cpus'], value: ['0', '1'], source: '--set' })
  for (const text of ['shards', '=5']) {
    t.throws(() => assignmentEntry(text), { message: `--set must be <key>=<value>, got: ${text === 'shards' ? text : '"=5"'}` })
  }
})

test('flags', async (t) => {
  t.strictSame(flagEntry('shards', '2', '--shards'), { path: ['shards'], value: '2', source: '--shards' })
  t.strictSame(flagEntry('publish.hosts', ['a', 'b'], '--host'), { path: ['publish', 'hosts'], value: ['a', 'b'], source: '--host' })
})

test('files', async (t) => {
  const dir = t.testdir({
    'a.yaml': 'shards: 2\nlimits:\n  messageBytesMax: 1MiB\npublish: {hosts: [localhost]}\n',
    'a.json': '{"shards": 2, "limits": {}}',
    'empty.yaml': '# nothing\n',
    'bad.json': '{shards: 2}',
    'bad.yaml': 'shards: [1\n',
    'list.yaml': '- 1\n',
    'twice.yaml': 'shards: 1\nshards: 2\n',
  })
  const file = (name: string) => `${dir}/${name}`
  t.strictSame(fileEntries(file('a.yaml')), [
    { path: ['shards'], value: 2, source: file('a.yaml') },
    { path: ['limits', 'messageBytesMax'], value: '1MiB', source: file('a.yaml') },
    { path: ['publish', 'hosts'], value: ['localhost'], source: file('a.yaml') },
  ])
  t.match(fileEntries(file('a.json')), [{ path: ['shards'], value: 2 }, { path: ['limits'], value: {} }])
  t.strictSame(fileEntries(file('empty.yaml')), [])
  t.throws(() => fileEntries(file('none')), { message: `--config must name a readable file, got: ${file('none')} (ENOENT)` })
  t.throws(() => fileEntries(dir), { message: `--config must name a readable file, got: ${dir} (EISDIR)` })
  t.throws(() => fileEntries(file('bad.json')), { message: /bad\.json must be JSON, got: [^\n]+$/ })
  t.throws(() => fileEntries(file('bad.yaml')), { message: /bad\.yaml must be YAML, got: [^\n]+$/ })
  t.throws(() => fileEntries(file('twice.yaml')), { message: /twice\.yaml must be YAML, got: [^\n]+$/ })
  t.throws(() => fileEntries(file('list.yaml')), { message: `${file('list.yaml')} must hold a section of keys, got: [1]` })
})
