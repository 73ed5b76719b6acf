/**
 * Presence against a model: random joins, leaves and deaths of connections. After each step the server's list and the list
 * of every client, made of the snapshot it got and the changes it was told of since, must be the model's.
 */

import { test, type Test } from 'tap'
import { PusherWorld, type PusherClient, type Received } from '../../support/pusher/pusher-world.js'

const channels = ['presence-a', 'presence-b', 'presence-cache-c']
const users = ['ada', 'bob', '7', '__proto__', 'é']
const clientsMax = 12

interface Snapshot {
  readonly presence: { readonly ids: readonly string[], readonly count: number }
}

/** A client as a library keeps it: by channel, the members it shows. */
class Simulated {
  /** As whom it is where, the model's truth. */
  readonly joined = new Map<string, string>()
  readonly shown = new Map<string, Set<string>>()
  readonly client: PusherClient
  /** Changes that told nothing new. */
  readonly surprises: string[] = []

  constructor(client: PusherClient) {
    this.client = client
  }

  read(messages: readonly Received[]): void {
    for (const { event, channel = '', data } of messages) {
      if (event === 'pusher_internal:subscription_succeeded') this.shown.set(channel, new Set((data as Snapshot).presence.ids))
      else if (event === 'pusher_internal:member_added') this.#apply(channel, 'add', data)
      else if (event === 'pusher_internal:member_removed') this.#apply(channel, 'delete', data)
    }
  }

  #apply(channel: string, change: 'add' | 'delete', data: unknown): void {
    const { user_id: userId } = data as { user_id: string }
    const shown = this.shown.get(channel)
    if (shown === undefined) this.surprises.push(`${change} ${userId} for ${channel}, where it is not`)
    else if (shown.has(userId) === (change === 'add')) this.surprises.push(`${change} ${userId} in ${channel} twice`)
    if (change === 'add') shown?.add(userId)
    else shown?.delete(userId)
  }
}

/** Reproducible: the same seed, the same history. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

class History {
  readonly world = new PusherWorld({ limits: { presenceMembersMax: users.length } })
  readonly clients: Simulated[] = []
  readonly #random: (below: number) => number

  constructor(seed: number) {
    this.#random = randomFrom(seed)
  }

  step(): string {
    const kind = this.#random(10)
    const at = this.#random(this.clients.length)
    const client = this.clients[at]
    if (client === undefined || (kind === 0 && this.clients.length < clientsMax)) return this.#connect()
    const channel = this.#pick(channels)
    if (kind <= 5) return this.#join(client, channel, this.#pick(users))
    if (kind <= 8) return this.#leave(client, channel)
    return this.#kill(at, client)
  }

  readAll(): void {
    for (const simulated of this.clients) simulated.read(simulated.client.take())
  }

  /** The first thing that is not as the model says; null when all is well. */
  difference(): string | null {
    for (const channel of channels) {
      const members = this.clients.map(({ joined }) => joined.get(channel)).filter((user) => user !== undefined)
      const truth = [...new Set(members)].sort().join()
      const server = [...this.world.app.users(channel)].sort().join()
      if (server !== truth) return `the server has ${server} in ${channel}, the model ${truth}`
      const count = this.world.app.channel(channel)?.subscriptionCount ?? 0
      if (count !== members.length) return `the server counts ${count} in ${channel}, the model ${members.length}`
      for (const { joined, shown } of this.clients) {
        const list = [...shown.get(channel) ?? []].sort().join()
        if (joined.has(channel) && list !== truth) return `a client shows ${list} in ${channel}, the model has ${truth}`
      }
    }
    return null
  }

  get surprises(): string[] {
    return this.clients.flatMap(({ surprises }) => surprises)
  }

  /** Who is a member by the webhooks alone. */
  byWebhooks(channel: string): string[] {
    const members = new Set<string>()
    for (const event of this.world.webhooks) {
      if (!('user_id' in event) || event.channel !== channel) continue
      if (event.name === 'member_added') members.add(event.user_id ?? '')
      else if (event.name === 'member_removed') members.delete(event.user_id ?? '')
    }
    return [...members].sort()
  }

  #pick(list: readonly string[]): string {
    return list[this.#random(list.length)] as string
  }

  #connect(): string {
    this.clients.push(new Simulated(this.world.connect()))
    return 'connect'
  }

  #join(simulated: Simulated, channel: string, user: string): string {
    if (simulated.joined.has(channel)) return 'nothing'
    const userId = user === '7' && this.#random(2) === 0 ? 7 : user
    simulated.joined.set(channel, user)
    simulated.read(simulated.client.subscribe(channel, { user_id: userId, user_info: { user } }))
    return `join ${channel} as ${user}`
  }

  #leave(simulated: Simulated, channel: string): string {
    simulated.read(simulated.client.unsubscribe(channel))
    simulated.joined.delete(channel)
    simulated.shown.delete(channel)
    return `leave ${channel}`
  }

  #kill(at: number, { client }: Simulated): string {
    this.clients.splice(at, 1)
    client.end()
    return 'kill'
  }
}

function fail(t: Test, seed: number, history: readonly string[], difference: string): void {
  t.fail(`seed ${seed}, step ${history.length}: ${difference}`, { last: history.slice(-10) })
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`1000 joins, leaves and deaths, seed ${seed}`, async (t) => {
    const history = new History(seed)
    const done: string[] = []
    for (let step = 0; step < 1000; step++) {
      done.push(history.step())
      history.readAll()
      const difference = history.difference() ?? history.surprises[0] ?? null
      if (difference !== null) return fail(t, seed, done, difference)
    }
    for (const channel of channels) t.strictSame(history.byWebhooks(channel), [...history.world.app.users(channel)].sort(), 'webhooks')
    for (const what of ['connect', 'kill', 'join', 'leave']) t.ok(done.filter((name) => name.startsWith(what)).length > 20, what)
    for (const { client } of history.clients) client.end()
    t.strictSame([...history.world.app.channels('')], [], 'nothing stays')
    t.equal(history.world.calls.topics, 0)
  })
}

for (const seed of [6, 7, 8, 9, 10]) {
  test(`with logs that are full now and then, all is well once they have room, seed ${seed}`, async (t) => {
    const history = new History(seed)
    const { calls, clock } = history.world
    const done: string[] = []
    let delayed = 0
    for (let round = 0; round < 100; round++) {
      calls.publishFails = 'ERR_LOG_BYTES'
      for (let step = 0; step < 10; step++) done.push(history.step())
      if (clock.waiting > 0) delayed++
      calls.publishFails = null
      clock.advance(100)
      history.readAll()
      const difference = history.difference()
      if (difference !== null) return fail(t, seed, done, difference)
    }
    t.ok(delayed > 50)
    t.equal(clock.waiting, 0)
  })
}
