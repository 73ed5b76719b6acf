import { test } from 'tap'
import { PusherWorld } from '../../support/pusher/pusher-world.js'

test('ping', async (t) => {
  const client = new PusherWorld().connect()
  t.strictSame(client.send('pusher:ping', {}), [{ event: 'pusher:pong', data: {} }])
  t.strictSame(client.sendText('{"event":"pusher:ping"}'), [{ event: 'pusher:pong', data: {} }])
  t.strictSame(client.send('pusher:pong', {}), [])
})

test('unknown events of the protocol are ignored', async (t) => {
  const client = new PusherWorld().connect()
  for (const event of ['pusher:', 'pusher:subscribe2', 'pusher:Subscribe', 'pusher:error', 'pusher:connection_established', 'pusher:__proto__']) {
    t.strictSame(client.send(event, { channel: 'a' }), [], event)
  }
})

test('an end is counted once', async (t) => {
  const world = new PusherWorld()
  const [client, other] = [world.connect(), world.connect()]
  for (const each of [client, other]) each.subscribe('news')
  client.end()
  client.end()
  t.equal(world.app.channel('news')?.subscriptionCount, 1)
})

test('sockets have ids of their own', async (t) => {
  const world = new PusherWorld()
  t.equal(new Set(Array.from({ length: 1000 }, () => world.connect().socketId)).size, 1000)
})
