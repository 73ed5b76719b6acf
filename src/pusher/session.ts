/** One connection of a client, from its acceptance to its end: what it says goes to the rule it concerns. */

import type { ConnectionId } from '../native/binding.js'
import type { PusherApp } from './app.js'
import { onClientEvent, tellPublished } from './client-event.js'
import { events, type FatalError, type PusherError } from './errors.js'
import { isJsonObject, parseJsonObject, type JsonObject } from './json.js'
import { connectionEstablished, errorMessage, pong } from './messages.js'
import { PusherRate } from './rate.js'
import { signin, signOut, type SignedIn } from './signin.js'
import { subscribe, unsubscribe } from './subscribe.js'

type Rule = (session: PusherSession, data: JsonObject) => void

/** Events of the protocol. Others that begin with `pusher:` are ignored: a later protocol may have them. */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['pusher:subscribe', subscribe],
  ['pusher:unsubscribe', unsubscribe],
  ['pusher:signin', signin],
  ['pusher:ping', (session) => session.send(pong)],
])
const protocolPrefix = 'pusher:'

export class PusherSession {
  readonly id: ConnectionId
  readonly socketId: string
  readonly app: PusherApp
  /** Channels by name, each with the user's id as whom the connection is there, on presence channels. */
  readonly subscriptions = new Map<string, string | null>()
  user: SignedIn | null = null
  #clientEventRate: PusherRate | null = null
  #state: 'open' | 'ended' = 'open'

  constructor(id: ConnectionId, socketId: string, app: PusherApp) {
    this.id = id
    this.socketId = socketId
    this.app = app
  }

  accept(activityTimeoutSeconds: number): void {
    const { id, app, socketId } = this
    const { clientEventsPerSecondMax, payloadBytesMax } = app.config.limits
    app.sessions.set(socketId, this)
    app.calls.acceptSession(id, {
      namespace: app.namespace,
      publicationsPerSecondMax: app.clientEvents === 'on' ? clientEventsPerSecondMax : 0,
      publicationBytesMax: payloadBytesMax,
      reportPublications: app.webhooks.wants('client_event'),
    })
    this.send(connectionEstablished(socketId, activityTimeoutSeconds))
  }

  onMessage(text: string, rate: 'within' | 'over'): void {
    if (this.#state === 'ended') return
    const message = parseJsonObject(text)
    if (message === null) return this.refuse(events.notJson)
    const { event, data } = message
    if (typeof event !== 'string' || event === '') return this.refuse(events.noEvent)
    const rule = rules.get(event)
    if (rule !== undefined) rule(this, isJsonObject(data) ? data : {})
    else if (!event.startsWith(protocolPrefix)) onClientEvent(this, event, message, text, rate)
  }

  /** The engine has delivered an event of this client. */
  onPublished(topic: string, event: string, data: string): void {
    tellPublished(this, { event, channel: topic.slice(this.app.namespace.length), data })
  }

  send(text: string): void {
    this.app.calls.sendToSession(this.id, text)
  }

  refuse(error: PusherError): void {
    this.send(errorMessage(error))
  }

  /** Counts an event that is published for this client from here. */
  takeClientEvent(): boolean {
    const { app } = this
    const now = app.clock.now()
    this.#clientEventRate ??= new PusherRate(app.config.limits.clientEventsPerSecondMax, now)
    return this.#clientEventRate.take(1, now)
  }

  /** Tells the client why, closes the connection, and forgets it at once: nobody waits for its answer. */
  close(error: FatalError): void {
    if (this.#state === 'ended') return
    this.refuse(error)
    this.app.calls.closeSession(this.id, error.code, error.message)
    this.end()
  }

  /** The connection is gone, or as good as gone. Idempotent. */
  end(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    const { app, subscriptions } = this
    app.sessions.delete(this.socketId)
    for (const [channel, userId] of subscriptions) app.channelList.leave(channel, userId)
    subscriptions.clear()
    signOut(this)
  }
}
