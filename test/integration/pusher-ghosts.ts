/**
 * Presence against a model, end to end: a thousand random joins, leaves, goodbyes, destroyed sockets and kill -9s
 * of whole client processes. Whenever all is quiet, the broker's users and the members that a watching pusher-js shows are
 * the model's: no ghost, none missing. PUSHER_GHOSTS_SEED repeats a run, PUSHER_GHOSTS_STEPS makes it longer.
 */

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import type { PresenceChannel } from 'pusher-js'
import { embedPusher, shop, type PusherBroker } from './support/pusher-broker.js'
import { connectClient, subscribe, vouchedBy } from './support/pusher-client.js'
import { Crowd, type CrowdStep } from './support/pusher-crowd.js'
import { answers, usersOf } from './support/pusher-queries.js'

interface Test {
  teardown(task: () => unknown): void
}

const seed = Number(process.env['PUSHER_GHOSTS_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
const steps = Number(process.env['PUSHER_GHOSTS_STEPS'] ?? 1000)
const rounds = 5
const processCount = 3
const connectionsMax = 150
const channels = ['presence-a', 'presence-b', 'presence-c', 'presence-cache-d']
const users = Array.from({ length: 40 }, (_, n) => `user-${n}`)
const watcher = 'the watcher'

/** The same seed, the same numbers. */
function randomFrom(start: number): (below: number) => number {
  let state = start
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Where connections live: in this process, or in one that can be killed. */
interface Host {
  step(step: CrowdStep): void
  /** Null: it cannot be killed. */
  readonly process: ChildProcess | null
}

interface Present {
  readonly user: string
  readonly host: Host
  readonly channels: Set<string>
}

class World {
  readonly #t: Test
  readonly #place: PusherBroker
  readonly #random: (below: number) => number
  readonly #hosts: Host[] = []
  readonly #present = new Map<number, Present>()
  #lastId = 0
  /** What must not have happened. */
  readonly errors: string[] = []
  /** How often what was done. */
  readonly done: Record<string, number> = {}

  constructor(t: Test, place: PusherBroker) {
    this.#t = t
    this.#place = place
    this.#random = randomFrom(seed)
    const crowd = new Crowd(this.#where, (error) => this.errors.push(error.message))
    this.#hosts.push({ step: (step) => crowd.step(step), process: null })
  }

  get #where() {
    return { port: this.#place.port, key: shop.key, secret: shop.secret }
  }

  /** Starts the processes that are missing. */
  async fill(): Promise<void> {
    while (this.#hosts.length <= processCount) this.#hosts.push(await this.#fork())
  }

  /** One random step. */
  step(): void {
    const [id, connection] = this.#pick([...this.#present]) ?? [0, null]
    const chance = this.#random(100)
    if (connection === null || (chance < 30 && this.#present.size < connectionsMax)) this.#arrive()
    else if (chance < 65) this.#join(id, connection)
    else if (chance < 78) this.#leave(id, connection)
    else if (chance < 86) this.#end('close', id, connection)
    else if (chance < 99) this.#end('destroy', id, connection)
    else this.#kill()
  }

  /** Users in a channel by the model, sorted; and the watcher. */
  expected(channel: string): string[] {
    const there = [...this.#present.values()].filter((connection) => connection.channels.has(channel))
    return [...new Set([watcher, ...there.map(({ user }) => user)])].sort()
  }

  async #fork(): Promise<Host> {
    const child = fork(new URL('support/pusher-crowd-process.ts', import.meta.url), [JSON.stringify(this.#where)])
    this.#t.teardown(() => child.kill('SIGKILL'))
    await once(child, 'message')
    child.on('message', ({ error }: { error: string }) => this.errors.push(error))
    child.on('error', () => {}) // a step that was on its way to one that is dead
    return { step: (step) => child.send(step), process: child }
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[this.#random(list.length)]
  }

  #count(what: string): void {
    this.done[what] = (this.done[what] ?? 0) + 1
  }

  #arrive(): void {
    const host = this.#pick(this.#hosts) as Host
    const user = this.#pick(users) as string
    const id = ++this.#lastId
    const connection: Present = { user, host, channels: new Set() }
    this.#present.set(id, connection)
    host.step({ act: 'connect', id, user })
    this.#join(id, connection)
  }

  #join(id: number, { host, channels: joined }: Present): void {
    const channel = this.#pick(channels) as string
    joined.add(channel)
    host.step({ act: 'join', id, channel })
    this.#count('join')
  }

  #leave(id: number, { host, channels: joined }: Present): void {
    const channel = this.#pick(channels) as string
    joined.delete(channel)
    host.step({ act: 'leave', id, channel })
    this.#count('leave')
  }

  #end(act: 'close' | 'destroy', id: number, { host }: Present): void {
    this.#present.delete(id)
    host.step({ act, id })
    this.#count(act)
  }

  #kill(): void {
    const host = this.#pick(this.#hosts.filter(({ process: child }) => child !== null))
    if (host === undefined) return
    host.process?.kill('SIGKILL')
    this.#hosts.splice(this.#hosts.indexOf(host), 1)
    for (const [id, connection] of this.#present) if (connection.host === host) this.#present.delete(id)
    this.#count('kill')
  }
}

async function watch(t: Test, place: PusherBroker): Promise<(channel: string) => string[]> {
  const client = await connectClient(t, place, vouchedBy(place.sdk, { id: watcher }))
  const watched = new Map<string, PresenceChannel>()
  for (const name of channels) watched.set(name, (await subscribe(client, name)).channel as PresenceChannel)
  return (name) => Object.keys(watched.get(name)?.members.members as object).sort()
}

test(`${steps} random steps, seed ${seed}`, { timeout: 120_000 + steps * 20 }, async (t) => {
  const place = await embedPusher(t)
  const shown = await watch(t, place)
  const world = new World(t, place)
  for (let round = 1; round <= rounds; round += 1) {
    await world.fill()
    for (let step = 0; step < steps / rounds; step += 1) {
      world.step()
      if (step % 4 === 0) await turn()
    }
    for (const channel of channels) {
      const expected = world.expected(channel)
      await answers(() => usersOf(place.sdk, channel), expected)
      await answers(async () => shown(channel), expected)
      t.pass(`round ${round}: ${channel} has ${expected.length} users`)
    }
    t.strictSame(world.errors, [])
  }
  t.comment(`did ${JSON.stringify(world.done)}`)
})
