/**
 * The Pusher protocol's rules: takes the engine's session events, decides, and tells the engine. Deliveries, client events that
 * are permitted, pings and the exclusion of publishers are the engine's; nothing here happens once a subscriber.
 */

import type { PusherConfig } from '../config/sections/pusher.js'
import type { PusherAppConfig } from '../config/sections/pusher-app.js'
import type { ConnectionId, SessionCalls, SessionEvent, SessionOpenEvent } from '../native/binding.js'
import type { Warn } from './announcer.js'
import { PusherApp } from './app.js'
import type { Clock } from './clock.js'
import type { AppCommands, Apps, WebhookSink } from './contract.js'
import { fatal, type FatalError } from './errors.js'
import { errorMessage } from './messages.js'
import { PusherSession } from './session.js'
import { createSocketId } from './socket-id.js'
import { isOriginAllowed, parseTarget } from './target.js'

/** What the rules need from outside; `systemClock` is the clock. */
export interface PusherHooks extends Clock {
  /** Where events of this app for webhooks go; asked for once an app. */
  webhooks(app: PusherAppConfig): WebhookSink
  /** Something an operator should know, as the engine's warnings. */
  readonly warn: Warn
}

/** Synchronous throughout: an event has had all its effects when onEvent returns. */
export class PusherServer implements Apps {
  readonly #calls: SessionCalls
  readonly #activityTimeoutSeconds: number
  readonly #prefix: string
  readonly #byId = new Map<string, PusherApp>()
  readonly #byKey = new Map<string, PusherApp>()
  readonly #sessions = new Map<ConnectionId, PusherSession>()
  #state: 'open' | 'closed' = 'open'

  constructor(config: PusherConfig, calls: SessionCalls, hooks: PusherHooks) {
    this.#calls = calls
    this.#prefix = config.path
    this.#activityTimeoutSeconds = Math.floor(config.activityTimeoutMs / 1000)
    for (const appConfig of config.apps) {
      const app = new PusherApp(appConfig, calls, { clock: hooks, webhooks: hooks.webhooks(appConfig), warn: hooks.warn })
      this.#byId.set(appConfig.id, app)
      this.#byKey.set(appConfig.key, app)
    }
  }

  byId(id: string): AppCommands | null {
    return this.#byId.get(id) ?? null
  }

  onEvent(event: SessionEvent): void {
    if (this.#state === 'closed') return
    switch (event.type) {
      case 'session-open': return this.#open(event)
      case 'session-message': return this.#sessions.get(event.id)?.onMessage(event.text, event.overRate ? 'over' : 'within')
      case 'session-published': return this.#sessions.get(event.id)?.onPublished(event.topic, event.event, event.data)
      case 'session-end': return this.#end(event.id)
      default: event satisfies never
    }
  }

  /** Cancels everything that would happen later; later events are ignored. Sessions are not told: the engine closes them. */
  close(): void {
    this.#state = 'closed'
    this.#sessions.clear()
    for (const app of this.#byId.values()) app.close()
  }

  #open({ id, target, origin }: SessionOpenEvent): void {
    const app = this.#findApp(target, origin)
    if (!(app instanceof PusherApp)) return this.#refuse(id, app)
    const session = new PusherSession(id, createSocketId((socketId) => app.sessions.has(socketId)), app)
    this.#sessions.set(id, session)
    session.accept(this.#activityTimeoutSeconds)
  }

  #findApp(target: string, origin: string | null): PusherApp | FatalError {
    const wanted = parseTarget(target, this.#prefix)
    if ('code' in wanted) return wanted
    const app = this.#byKey.get(wanted.key)
    if (app === undefined) return fatal.noApp
    const { enabled, origins, limits } = app.config
    if (!enabled) return fatal.disabled
    if (!isOriginAllowed(origins, origin)) return fatal.badOrigin
    return app.sessions.size < limits.connectionsMax ? app : fatal.overQuota
  }

  #refuse(id: ConnectionId, error: FatalError): void {
    this.#calls.sendToSession(id, errorMessage(error))
    this.#calls.closeSession(id, error.code, error.message)
  }

  #end(id: ConnectionId): void {
    this.#sessions.get(id)?.end()
    this.#sessions.delete(id)
  }
}
