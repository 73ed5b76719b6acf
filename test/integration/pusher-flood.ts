/** One client says more than JavaScript can act on: memory has a bound, and nobody else waits for it, not even behind a held event loop. */

import { test } from 'tap'
import { authFor, subscriptionText } from '../../src/pusher/auth.js'
import { frame, opcodes } from './support/frames.js'
import { shop } from './support/pusher-broker.js'
import { startHeldBroker, type HeldBroker } from './support/pusher-held-broker.js'
import { clientTarget, joinApp } from './support/pusher-session.js'
import { openRaw } from './support/raw-client.js'

interface Test {
  teardown(task: () => unknown): void
}

type Member = Awaited<ReturnType<typeof joinApp>>

const grownBytesMax = 128 * 2 ** 20
/** Far above what it takes, far below what acting on 16,384 long messages takes. */
const decisionMsMax = 2000
const channel = 'private-room'

class Flood {
  sentBytes = 0
  #state: 'on' | 'over' = 'on'

  /** Subscriptions with a forged signature, `bytes` of data each, as fast as they are taken. */
  static async start(t: Test, port: number, bytes: number): Promise<Flood> {
    const flood = new Flood()
    const { socket } = await openRaw(t, port, clientTarget(shop.key))
    socket.removeAllListeners('data').resume() // it reads its answers, and forgets them
    const auth = `${shop.key}:${'0'.repeat(64)}`
    const message = JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'presence-x', auth, channel_data: 'x'.repeat(bytes) } })
    const one = frame({ opcode: opcodes.text, payload: message })
    const many = Buffer.concat(Array.from({ length: Math.ceil(65_536 / one.length) }, () => one))
    const send = (): void => {
      if (flood.#state === 'over') return
      socket.write(many, () => {
        flood.sentBytes += many.length
        send()
      })
    }
    t.teardown(() => flood.end())
    socket.once('close', () => flood.end())
    send()
    return flood
  }

  get state(): 'on' | 'over' {
    return this.#state
  }

  end(): void {
    this.#state = 'over'
  }
}

async function startRoom(t: Test): Promise<{ broker: HeldBroker, members: readonly [Member, Member] }> {
  const broker = await startHeldBroker(t, { apps: [{ ...shop, limits: { clientEventsPerSecondMax: 65_535 } }] })
  const place = { port: broker.port, key: shop.key }
  const members = [await joinApp(t, place), await joinApp(t, place)] as const
  for (const member of members) {
    await member.say('pusher:subscribe', { channel, auth: authFor(shop, subscriptionText(member.socketId, channel, null)) })
    await member.nth('pusher_internal:subscription_succeeded')
  }
  return { broker, members }
}

/** One member's client event reaches the other: the engine alone does that. */
async function pass([from, to]: readonly [Member, Member], nth: number): Promise<void> {
  await from.say('client-n', { nth }, channel)
  await to.nth('client-n', nth)
}

/** Milliseconds of one decision of JavaScript. */
async function decide(member: Member, nth: number): Promise<number> {
  const askedMs = performance.now()
  await member.say('pusher:subscribe', { channel: 'news' })
  await member.nth('pusher_internal:subscription_succeeded', 1 + nth) // the first was the room's
  return performance.now() - askedMs
}

for (const bytes of [0, 60_000]) {
  test(`a flood of forged subscriptions with ${bytes} bytes of data`, async (t) => {
    const { broker, members } = await startRoom(t)
    const [member] = members
    const before = broker.residentBytes()
    const flood = await Flood.start(t, broker.port, bytes)
    const decisionsMs: number[] = []
    for (let nth = 1; nth <= 50 || flood.sentBytes < 20_000_000; nth += 1) {
      decisionsMs.push(await decide(member, nth))
      await pass(members, nth)
    }
    const median = decisionsMs.sort((a, b) => a - b)[Math.floor(decisionsMs.length / 2)] ?? Infinity
    t.ok(median < decisionMsMax, `others' decisions take ${median.toFixed(0)} ms, at most ${decisionsMs.at(-1)?.toFixed(0)}`)
    const grown = broker.residentBytes() - before
    t.ok(grown < grownBytesMax, `${(grown / 2 ** 20).toFixed(0)} MiB more after ${(flood.sentBytes / 2 ** 20).toFixed(0)} MiB`)
    t.equal(flood.state, 'on', 'who floods is slowed down, not closed')
  })

  test(`the same while the event loop stands still, ${bytes} bytes`, async (t) => {
    const { broker, members } = await startRoom(t)
    const before = broker.residentBytes()
    await broker.hold()
    const flood = await Flood.start(t, broker.port, bytes)
    // Until nothing more of it is taken for a while in which the others go on.
    for (let [nth, still, sent] = [1, 0, 0]; still < 50; nth += 1) {
      await pass(members, nth)
      still = flood.sentBytes === sent ? still + 1 : 0
      sent = flood.sentBytes
    }
    const grown = broker.residentBytes() - before
    t.ok(grown < grownBytesMax, `${(grown / 2 ** 20).toFixed(0)} MiB more after ${(flood.sentBytes / 2 ** 20).toFixed(0)} MiB`)
    await broker.release()
    const ms = await decide(members[0], 1)
    t.ok(ms < decisionMsMax, `the first decision afterwards takes ${ms.toFixed(0)} ms`)
    t.equal(flood.state, 'on')
  })
}
