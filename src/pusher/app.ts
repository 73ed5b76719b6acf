/** One app: its connections, channels and users. Nothing in it knows of another app. */

import type { PusherAppConfig } from '../config/sections/pusher-app.js'
import type { SessionCalls } from '../native/binding.js'
import { topicPrefix } from '../config/pusher-topics.js'
import { Announcer, type Warn } from './announcer.js'
import { PusherCache } from './cache.js'
import { channelTraits } from './channel-name.js'
import { Channels } from './channels.js'
import type { Clock } from './clock.js'
import type { AppCommands, AppEvent, CachedEvent, ChannelInfo, WebhookEvent, WebhookSink } from './contract.js'
import { fatal } from './errors.js'
import { PusherRate } from './rate.js'
import type { PusherSession } from './session.js'
import { SignedInUsers } from './users.js'
import { Watchlists } from './watchlists.js'

export interface AppHooks {
  readonly clock: Clock
  readonly webhooks: WebhookSink
  readonly warn: Warn
}

export class PusherApp implements AppCommands {
  readonly config: PusherAppConfig
  readonly namespace: string
  readonly calls: SessionCalls
  readonly clock: Clock
  readonly webhooks: WebhookSink
  readonly warn: Warn
  readonly cache: PusherCache
  readonly announcer: Announcer
  readonly channelList: Channels
  readonly signedIn = new SignedInUsers()
  readonly watchlists: Watchlists
  /** By socket id. */
  readonly sessions = new Map<string, PusherSession>()
  readonly clientEvents: 'on' | 'off'
  readonly counts: 'on' | 'off'
  readonly #backendRate: PusherRate | null

  constructor(config: PusherAppConfig, calls: SessionCalls, { clock, webhooks, warn }: AppHooks) {
    this.config = config
    this.namespace = topicPrefix(config.id)
    this.calls = calls
    this.clock = clock
    this.webhooks = webhooks
    this.warn = warn
    this.clientEvents = config.clientEvents ? 'on' : 'off'
    this.counts = config.subscriptionCounts ? 'on' : 'off'
    this.cache = new PusherCache(clock)
    this.announcer = new Announcer(calls, clock, warn)
    this.channelList = new Channels(this)
    this.watchlists = new Watchlists(calls, clock)
    const { backendEventsPerSecondMax: rate } = config.limits
    this.#backendRate = rate === 0 ? null : new PusherRate(rate, clock.now())
  }

  tell(event: WebhookEvent): void {
    if (this.webhooks.wants(event.name)) this.webhooks.post(event)
  }

  takeBackendEvents(count: number): boolean {
    return this.#backendRate === null || this.#backendRate.take(count, this.clock.now())
  }

  publish({ name, channel, data, socketId }: AppEvent): void {
    const excluded = socketId === null ? 0 : this.sessions.get(socketId)?.id ?? 0
    this.calls.publish(this.namespace + channel, data, { event: name, userId: null, excluded })
    if (channelTraits(channel)?.cache === true) this.cache.set(channel, name, data)
  }

  *channels(prefix: string): Iterable<ChannelInfo> {
    for (const channel of this.channelList.all()) {
      if (channel.name.startsWith(prefix)) yield channel.info
    }
  }

  channel(name: string): ChannelInfo | null {
    return this.channelList.get(name)?.info ?? null
  }

  cached(channel: string): CachedEvent | null {
    return this.cache.get(channel)
  }

  users(channel: string): readonly string[] {
    return this.channelList.get(channel)?.members?.ids() ?? []
  }

  terminateUser(userId: string): void {
    for (const session of this.signedIn.sessions(userId)) session.close(fatal.terminated)
  }

  /** Nothing of the app happens by itself any more. */
  close(): void {
    this.channelList.close()
    this.watchlists.close()
    this.announcer.close()
    this.cache.clear()
  }
}
