/** A Pusher server on a fake engine, and clients that connect to it. */

import { brokerSchema, type BrokerOptions } from '../../../src/config/schema.js'
import type { ConnectionId } from '../../../src/native/binding.js'
import { authFor, signinText, subscriptionText } from '../../../src/pusher/auth.js'
import type { AppCommands, WebhookEvent } from '../../../src/pusher/contract.js'
import { PusherServer } from '../../../src/pusher/server.js'
import { FakeClock } from './fake-clock.js'
import { FakeSessionCalls, type FakeConnection } from './fake-session-calls.js'

type PusherOptions = NonNullable<BrokerOptions['pusher']>
export type AppOptions = Partial<NonNullable<PusherOptions['apps']>[number]>

/** The secret of the protocol's published examples. */
export const secret = '7ad3773142a6692b25b8'
export const key = 'key'

/** A message as a client reads it. */
export interface Received {
  readonly event: string
  readonly channel?: string
  readonly user_id?: string
  /** Parsed once more when it was a text of JSON. */
  readonly data?: unknown
}

function parseData(data: unknown): unknown {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

function parseMessage(text: string): Received {
  const message = JSON.parse(text) as Received
  return 'data' in message ? { ...message, data: parseData(message.data) } : message
}

export class PusherWorld {
  readonly clock = new FakeClock()
  readonly calls = new FakeSessionCalls()
  readonly webhooks: WebhookEvent[] = []
  readonly warnings: string[] = []
  /** Which webhooks are wanted; all by default. */
  wanted: (name: WebhookEvent['name']) => boolean = () => true
  readonly server: PusherServer
  #lastId: ConnectionId = 0

  constructor(...apps: AppOptions[]) {
    const filled = (apps.length === 0 ? [{}] : apps).map((app) => ({ id: 'app', key, secret, ...app }))
    const { pusher } = brokerSchema.parse({ pusher: { apps: filled } })
    const { clock, warnings } = this
    this.server = new PusherServer(pusher, this.calls, {
      now: () => clock.now(),
      after: (ms, task) => clock.after(ms, task),
      warn: (name) => warnings.push(name),
      webhooks: () => ({ wants: (name) => this.wanted(name), post: (event) => this.webhooks.push(event) }),
    })
  }

  get app(): AppCommands {
    return this.server.byId('app') as AppCommands
  }

  connect(target = `/app/${key}?protocol=7&client=js&version=8.4.0`, origin: string | null = null): PusherClient {
    return new PusherClient(this, ++this.#lastId, target, origin)
  }

  /** Publishes as the HTTP API does. */
  publish(channel: string, name = 'news', data = '{"n":1}', socketId: string | null = null): void {
    this.app.publish({ name, channel, data, socketId })
  }

  /** Webhooks since the last call. */
  takeWebhooks(): WebhookEvent[] {
    return this.webhooks.splice(0)
  }
}

export class PusherClient {
  readonly id: ConnectionId
  readonly connection: FakeConnection
  /** What the server said first. */
  readonly first: Received[]
  readonly #world: PusherWorld

  constructor(world: PusherWorld, id: ConnectionId, target: string, origin: string | null) {
    this.#world = world
    this.id = id
    this.connection = world.calls.open(id)
    world.server.onEvent({ type: 'session-open', id, protocol: 'pusher', peer: '127.0.0.1:1', target, origin })
    this.first = this.take()
  }

  get socketId(): string {
    return (this.first[0]?.data as { socket_id: string }).socket_id
  }

  /** What came since the last call. */
  take(): Received[] {
    return this.connection.sent.splice(0).map(parseMessage)
  }

  /** Sends a text and answers what came. */
  sendText(text: string, rate: 'within' | 'over' = 'within'): Received[] {
    this.#world.server.onEvent({ type: 'session-message', id: this.id, text, overRate: rate === 'over' })
    return this.take()
  }

  send(event: string, data: unknown, rest: object = {}): Received[] {
    return this.sendText(JSON.stringify({ event, data, ...rest }))
  }

  /** Subscribes with a valid signature. */
  subscribe(channel: string, member: object | null = null): Received[] {
    const channelData = member === null ? null : JSON.stringify(member)
    const auth = authFor({ key, secret }, subscriptionText(this.socketId, channel, channelData))
    return this.send('pusher:subscribe', { channel, auth, ...channelData === null ? {} : { channel_data: channelData } })
  }

  unsubscribe(channel: string): Received[] {
    return this.send('pusher:unsubscribe', { channel })
  }

  /** Signs in with a valid signature. */
  signin(user: object): Received[] {
    return this.signinText(JSON.stringify(user))
  }

  /** The same with the text that was signed. */
  signinText(userData: string): Received[] {
    return this.send('pusher:signin', { auth: authFor({ key, secret }, signinText(this.socketId, userData)), user_data: userData })
  }

  /** The engine has delivered an event of this client. */
  published(topic: string, event: string, data: string): void {
    this.#world.server.onEvent({ type: 'session-published', id: this.id, topic, event, data })
  }

  /** The connection is gone. */
  end(): void {
    this.#world.calls.end(this.id)
    this.#world.server.onEvent({ type: 'session-end', id: this.id, code: 1006, reason: '' })
  }
}

/** The names of messages, for short comparisons. */
export function names(messages: readonly Received[]): string[] {
  return messages.map(({ event }) => event)
}
