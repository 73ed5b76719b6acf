import { test } from 'tap'
import { environmentName, leafPaths } from '../../../src/config/paths.js'
import { configSchema } from '../../../src/config/schema.js'

test('environment names follow from keys', async (t) => {
  t.equal(environmentName(['publish', 'port']), 'BROKER_PUBLISH_PORT')
  t.equal(environmentName(['limits', 'messageBytesMax']), 'BROKER_LIMITS_MESSAGE_BYTES_MAX')
  t.equal(environmentName(['slowConsumers']), 'BROKER_SLOW_CONSUMERS')
})

test('every key of the schema is found, lists are marked', async (t) => {
  const leaves = leafPaths(configSchema)
  const keys = leaves.map(({ path }) => path.join('.'))
  for (const key of ['publish.port', 'limits.logBytesMax', 'timeouts.drainMs', 'slowPolicy', 'log.format', 'reusePort']) {
    t.ok(keys.includes(key), key)
  }
  const lists = leaves.filter(({ list }) => list).map(({ path }) => path.join('.'))
  const ofListener = (key: string) => /^\w+\.tls\./.test(key)
  t.strictSame(lists.filter(ofListener), ['publish', 'subscribe', 'api', 'pusher', 'grpc', 'responder'].map((listener) => `${listener}.tls.names`))
  t.strictSame(
    lists.filter((key) => !ofListener(key)),
    [
      'publish.hosts', 'publish.origins', 'publish.auth', 'subscribe.hosts', 'subscribe.origins', 'subscribe.auth', 'api.hosts', 'api.origins', 'api.auth', 'pusher.hosts', 'pusher.apps',
      'grpc.hosts', 'grpc.auth', 'responder.listen', 'auth.jwt.keys', 'auth.tokens', 'auth.webhook.headers', 'auth.certificates', 'auth.anonymous.publish',
      'auth.anonymous.subscribe', 'auth.origins', 'tls.names', 'retain.topics', 'history', 'cpus', 'trustedProxies', 'slowConsumers',
    ],
  )
})

test('no two keys share a variable', async (t) => {
  const names = leafPaths(configSchema).map(({ path }) => environmentName(path))
  t.equal(new Set(names).size, names.length)
})
