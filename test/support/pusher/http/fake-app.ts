/** An app that records what the HTTP API does to it, and is configured as the schema says. */

import { parseOptions } from '../../../../src/config/parse.js'
import type { BrokerOptions } from '../../../../src/config/schema.js'
import type { PusherAppConfig } from '../../../../src/config/sections/pusher-app.js'
import type { AppCommands, AppEvent, Apps, CachedEvent, ChannelInfo } from '../../../../src/pusher/contract.js'

type AppOptions = NonNullable<NonNullable<BrokerOptions['pusher']>['apps']>[number]

/** Key and secret of the published vectors. */
export const credentials = { id: '3', key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' } as const

export function appConfig(options: Partial<AppOptions> = {}): PusherAppConfig {
  return parseOptions({ limits: { messageBytesMax: '1MiB' }, pusher: { apps: [{ ...credentials, ...options }] } }).pusher.apps[0] as PusherAppConfig
}

/** `publish` throws what is put into `failure`, from the event `failAt` on. */
export class FakeApp implements AppCommands {
  readonly config: PusherAppConfig
  readonly published: AppEvent[] = []
  readonly terminated: string[] = []
  /** Counts that were asked for. */
  readonly taken: number[] = []
  readonly occupied: ChannelInfo[] = []
  readonly members = new Map<string, string[]>()
  readonly cache = new Map<string, CachedEvent>()
  eventsLeft = Infinity
  failure: Error | null = null
  failAt = 0

  constructor(options: Partial<AppOptions> = {}) {
    this.config = appConfig(options)
  }

  takeBackendEvents(count: number): boolean {
    this.taken.push(count)
    if (count > this.eventsLeft) return false
    this.eventsLeft -= count
    return true
  }

  publish(event: AppEvent): void {
    if (this.failure !== null && this.published.length >= this.failAt) throw this.failure
    this.published.push(event)
  }

  channels(prefix: string): ChannelInfo[] {
    return this.occupied.filter(({ name }) => name.startsWith(prefix))
  }

  channel(name: string): ChannelInfo | null {
    return this.occupied.find((channel) => channel.name === name) ?? null
  }

  cached(channel: string): CachedEvent | null {
    return this.cache.get(channel) ?? null
  }

  users(channel: string): readonly string[] {
    return this.members.get(channel) ?? []
  }

  terminateUser(userId: string): void {
    this.terminated.push(userId)
  }
}

export function appsOf(...apps: readonly FakeApp[]): Apps {
  return { byId: (id) => apps.find(({ config }) => config.id === id) ?? null }
}
