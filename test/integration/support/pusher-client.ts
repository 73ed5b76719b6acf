/** Clients of pusher-js (its build for Node) as their users write them. */

import Sdk from 'pusher'
import pusherModule, { type Channel, type Options } from 'pusher-js'
import { overTls } from '../../support/over-tls.js'
import { Ear } from './pusher-ear.js'

/** Its types say `exports.default = Pusher`, its code says `module.exports = Pusher`. */
export const PusherJs = pusherModule as unknown as typeof pusherModule.default

/**
 * When a server has closed, the WebSocket inside pusher-js is closed once more and waits 30 s for nothing, which would keep
 * the test's process alive. A timer of that length keeps nothing alive here; what it does stays the same.
 */
const idleCloseMs = 30_000
const { setTimeout: startTimer } = globalThis
globalThis.setTimeout = Object.assign((task: () => void, ms?: number, ...args: []) => {
  const timer = startTimer(task, ms, ...args)
  return ms === idleCloseMs ? timer.unref() : timer
}, startTimer)

interface Test {
  teardown(task: () => unknown): void
}

/** What says where to connect. */
export interface Place {
  readonly port: number
  readonly key: string
}

export interface PusherClient {
  readonly pusher: InstanceType<typeof PusherJs>
  /** States, errors and all messages. */
  readonly connection: Ear
  readonly user: Ear
  readonly watchlist: Ear
  readonly socketId: string
}

export interface Subscribed {
  readonly channel: Channel
  readonly ear: Ear
}

export interface Person {
  readonly id: string
  readonly info?: Readonly<Record<string, unknown>>
  readonly watchlist?: readonly string[]
}

/** What a client has of its app's server: authorization by the SDK, as this person. */
export function vouchedBy(sdk: Sdk, { id, info = {}, watchlist }: Person): Partial<Options> {
  return {
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, callback) => {
        const member = channelName.startsWith('presence-') ? { user_id: id, user_info: info } : undefined
        callback(null, sdk.authorizeChannel(socketId, channelName, member))
      },
    },
    userAuthentication: {
      customHandler: ({ socketId }, callback) => {
        callback(null, sdk.authenticateUser(socketId, { id, user_info: info, ...watchlist === undefined ? {} : { watchlist } }))
      },
    },
  }
}

/** Begins to connect, by WebSocket alone: the other ways lead to other hosts. Disconnected when the test ends. */
export function startClient(t: Test, { port, key }: Place, options: Partial<Options> = {}): PusherClient {
  const pusher = new PusherJs(key, { cluster: 'self', wsHost: '127.0.0.1', wsPort: port, wssPort: port, forceTLS: overTls() !== null, enabledTransports: ['ws', 'wss'], ...options })
  t.teardown(() => pusher.disconnect())
  return {
    pusher, connection: new Ear(pusher.connection), user: new Ear(pusher.user), watchlist: new Ear(pusher.user.watchlist),
    get socketId() {
      return pusher.connection.socket_id
    },
  }
}

/** Connects; resolves when it is connected. */
export async function connectClient(t: Test, place: Place, options: Partial<Options> = {}): Promise<PusherClient> {
  const client = startClient(t, place, options)
  await client.connection.nth('connected')
  return client
}

/** Begins to subscribe. */
export function startSubscription({ pusher }: PusherClient, name: string): Subscribed {
  const channel = pusher.subscribe(name)
  return { channel, ear: new Ear(channel) }
}

/** Subscribes; resolves when the subscription is made. */
export async function subscribe(client: PusherClient, name: string): Promise<Subscribed> {
  const subscribed = startSubscription(client, name)
  await subscribed.ear.nth('pusher:subscription_succeeded')
  return subscribed
}
