import { test } from 'tap'
import { createBrokerWith } from '../../src/create-broker.js'
import { FakeAddon } from '../support/fake-addon.js'

test('options reach the engine resolved', async (t) => {
  const addon = new FakeAddon()
  const broker = await createBrokerWith(addon, { publish: { port: 0 }, shards: 2 })
  t.match(addon.engines[0]?.options, { shards: 2, limits: { connectionsMax: 960 } })
  t.equal(broker.options, addon.engines[0]?.options)
  t.match(broker.listeners[0], { protocol: 'websocket-publish', address: '127.0.0.1', port: 4711 })
  t.strictSame(broker.skipped, [])
  broker.stop()
})

test('a wrong option starts nothing', async (t) => {
  const addon = new FakeAddon()
  await t.rejects(createBrokerWith(addon, { shards: 0 }), { code: 'ERR_CONFIG', message: 'shards must be 1..64, got: 0' })
  t.equal(addon.engines.length, 0)
})

test('a failed bind in words', async (t) => {
  const addon = new FakeAddon()
  addon.failure = Object.assign(new Error('bind'), { code: 'EADDRINUSE', address: '::1', port: 8001 })
  await t.rejects(createBrokerWith(addon), {
    name: 'ListenError', code: 'EADDRINUSE', address: '::1', port: 8001, cause: addon.failure,
    message: 'cannot listen on [::1]:8001: address already in use (EADDRINUSE)',
  })
})

test('any other failure as it is', async (t) => {
  const addon = new FakeAddon()
  addon.failure = new Error('no memory')
  await t.rejects(createBrokerWith(addon), addon.failure)
})
