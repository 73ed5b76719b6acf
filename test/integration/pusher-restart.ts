/** A broker alone is ended and started again on its port: how long pusher-js is without it. */

import { test } from 'tap'
import { embed } from './support/embedded.js'
import { fixedPort } from './support/fixed-port.js'
import { shop } from './support/pusher-broker.js'
import { connectClient, subscribe, type Place } from './support/pusher-client.js'
import { joinApp } from './support/pusher-session.js'
import { openRaw } from './support/raw-client.js'

interface Test {
  teardown(task: () => unknown): void
  comment(text: string): void
  ok(value: unknown, message: string): void
}

/** When pusher-js finds nobody it tries again only after this long: what must not happen. */
const nobodyThereMs = 15_000

const start = (t: Test, { port, key }: Place) => embed(t, { pusher: { hosts: ['127.0.0.1'], port, apps: [{ ...shop, key }] } })

interface Others {
  /** Holds the drain up by what it does to the first broker. */
  hinder(first: Awaited<ReturnType<typeof start>>, place: Place): Promise<void>
  readonly drainMs: number
}

/** Restarts under three clients, and says how long the last of them was away. */
async function restart(t: Test, what: string, { hinder, drainMs }: Others): Promise<void> {
  const place = { port: await fixedPort(), key: shop.key }
  const first = await start(t, place)
  const clients = await Promise.all([1, 2, 3].map(() => connectClient(t, place)))
  const rooms = await Promise.all(clients.map((client) => subscribe(client, 'news')))
  await hinder(first, place)
  const began = performance.now()
  await first.broker.close({ drainMs })
  const closedMs = performance.now() - began
  await start(t, place)
  await Promise.all(clients.map(({ connection }) => connection.nth('connected', 2)))
  const backMs = performance.now() - began
  await Promise.all(rooms.map(({ ear }) => ear.nth('pusher:subscription_succeeded', 2)))
  t.comment(`${what}: the drain took ${Math.round(closedMs)} ms, all were back after ${Math.round(backMs)} ms`)
  t.ok(backMs < closedMs + nobodyThereMs / 2, `${what}: back after a second or a few, got: ${Math.round(backMs)} ms`)
}

test('a restart on the same port', async (t) => {
  await restart(t, 'nobody hinders it', { hinder: async () => {}, drainMs: 5000 })
})

test('a restart when a client answers nothing any more', async (t) => {
  await restart(t, 'a dead client', {
    drainMs: 5000,
    hinder: async (_, place) => {
      const dead = await joinApp(t, place)
      dead.socket.pause()
    },
  })
})

test('a restart when the drain takes longer than the clients are away', async (t) => {
  await restart(t, 'a subscriber that does not read', {
    drainMs: 3000,
    hinder: async ({ broker, subscribePort }) => {
      const stuck = await openRaw(t, subscribePort)
      stuck.socket.pause()
      for (let number = 0; number < 6000; number += 1) broker.publish('default', 'x'.repeat(1000))
    },
  })
})
