import { test } from 'tap'
import { parseOptions } from '../../../src/config/parse.js'
import type { BrokerOptions } from '../../../src/config/schema.js'
import { shareOpenFiles } from '../../../src/engine/open-files.js'

const app = { id: 'a', key: 'k', secret: 'a-secret-of-some-length' }

/** With one shard and four listeners; what is no connection and no HTTP takes 144 then. */
function share(options: BrokerOptions, openFilesMax: number) {
  return shareOpenFiles(parseOptions(options), openFilesMax, { shards: 1, listeners: 4, connectionsMost: 10_000_000 })
}

test('all files have one use, and HTTP has its own', async (t) => {
  t.strictSame(share({}, 1024), { connectionsMax: 1024 - 144, apiConnectionsMax: 0, pusherHttpConnectionsMax: 0 })
  t.strictSame(share({ api: {} }, 1024), { connectionsMax: 1024 - 144 - 128 - 34, apiConnectionsMax: 128, pusherHttpConnectionsMax: 0 })
  t.strictSame(share({ api: {}, pusher: { apps: [app] } }, 1024), {
    connectionsMax: 1024 - 144 - 128 - 34 - 128 - 32, apiConnectionsMax: 128, pusherHttpConnectionsMax: 128,
  })
  const webhooks = [{ url: 'http://one' }, { url: 'http://two' }]
  t.equal(share({ pusher: { apps: [{ ...app, webhooks }] } }, 1024).connectionsMax, 1024 - 144 - 128 - 32 - 2)
})

test('HTTP that the engine decrypts takes three files a connection', async (t) => {
  const tls = { certFile: 'x', keyFile: 'x' }
  t.strictSame(share({ api: {}, tls }, 1024), { connectionsMax: 1024 - 144 - (43 + 32) * 3 - 2, apiConnectionsMax: 43, pusherHttpConnectionsMax: 0 })
  t.strictSame(share({ api: { tls: null }, tls, pusher: { apps: [app] } }, 1024), {
    connectionsMax: 1024 - 144 - 128 - 34 - (43 + 32) * 3, apiConnectionsMax: 128, pusherHttpConnectionsMax: 43,
  })
})

test('20,000 files are enough for 19,000 subscribers of every protocol and their publishers', async (t) => {
  const { connectionsMax, ...http } = share({ api: {}, pusher: { apps: [app] } }, 20_000)
  t.strictSame(http, { apiConnectionsMax: 200, pusherHttpConnectionsMax: 200 })
  t.equal(connectionsMax, 20_000 - 144 - 234 - 232)
})

test('with many files HTTP takes what it usually has', async (t) => {
  t.strictSame(share({ api: {}, pusher: { apps: [app] } }, 1_000_000), {
    connectionsMax: 1_000_000 - 144 - 1034 - 10_032, apiConnectionsMax: 1000, pusherHttpConnectionsMax: 10_000,
  })
})

test('what is configured must fit', async (t) => {
  t.equal(share({ api: { connectionsMax: 500 } }, 1024).connectionsMax, 1024 - 144 - 534)
  t.throws(() => share({ api: { connectionsMax: 1000 } }, 1024), {
    message: 'limits.connectionsMax needs a limit of open files above 1178, which is 1024 now, got: nothing',
  })
  t.throws(() => share({ api: {}, limits: { connectionsMax: 719 } }, 1024), {
    message: 'limits.connectionsMax must be 1..718 (1024 open files less 306 in reserve), got: 719',
  })
  t.equal(share({ api: { connectionsMax: 1 } }, 180).connectionsMax, 1, 'the least')
})
