import { test } from 'tap'
import { defaultUrl } from '../../../src/cli/default-url.js'

test('the port that the broker would have', async (t) => {
  t.equal(defaultUrl('publish', 'ws', {}), 'ws://localhost:8001')
  t.equal(defaultUrl('subscribe', 'ws', {}), 'ws://localhost:8002')
  t.equal(defaultUrl('publish', 'wss', {}), 'wss://localhost:8001')
  const env = { BROKER_PUBLISH_PORT: '9001', BROKER_SUBSCRIBE_PORT: '9002' }
  t.equal(defaultUrl('publish', 'ws', env), 'ws://localhost:9001')
  t.equal(defaultUrl('subscribe', 'ws', env), 'ws://localhost:9002')
  t.equal(defaultUrl('publish', 'ws', { BROKER_PUBLISH_PORT: '' }), 'ws://localhost:8001')
})

test('a service of Kubernetes is not meant', async (t) => {
  t.equal(defaultUrl('publish', 'ws', { BROKER_PUBLISH_PORT: 'tcp://10.0.0.1:8001' }), 'ws://localhost:8001')
})

test('what nobody can connect to', async (t) => {
  for (const port of ['0', '65536', 'x', '1.5']) {
    t.throws(() => defaultUrl('publish', 'ws', { BROKER_PUBLISH_PORT: port }), {
      code: 'ERR_CONFIG', message: `publish.port must be 1..65535 to be connected to (see --url), got: ${port} (from BROKER_PUBLISH_PORT)`,
    })
  }
})
