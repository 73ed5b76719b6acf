/** What the parts of the Pusher protocol know of each other: sessions and channels, the HTTP API, webhooks. */

import type { PusherAppConfig } from '../config/sections/pusher-app.js'

/** What is told of an occupied channel. */
export interface ChannelInfo {
  readonly name: string
  readonly subscriptionCount: number
  /** Distinct users; null unless it is a presence channel. */
  readonly userCount: number | null
}

/** The last event of a cache channel. */
export interface CachedEvent {
  readonly data: string
  /** Seconds that it stays. */
  readonly ttl: number
}

/** An event as the HTTP API publishes it. Names and sizes are checked by the caller. */
export interface AppEvent {
  readonly name: string
  readonly channel: string
  readonly data: string
  /** The socket that is not to receive it; null: all do. An unknown socket leaves nobody out. */
  readonly socketId: string | null
}

/** One app as the HTTP API sees it. */
export interface AppCommands {
  readonly config: PusherAppConfig
  /** Counts events against backendEventsPerSecondMax; false when they are over it and nothing was counted. */
  takeBackendEvents(count: number): boolean
  /** @throws {Error} with a `code` of NativeEngine.publish, such as ERR_LOG_BYTES. */
  publish(event: AppEvent): void
  /** Occupied channels whose names begin with `prefix`; `#server-to-user-…` is none of them. */
  channels(prefix: string): Iterable<ChannelInfo>
  /** Null when nobody is subscribed. */
  channel(name: string): ChannelInfo | null
  cached(channel: string): CachedEvent | null
  /** Ids of the users in a presence channel. */
  users(channel: string): readonly string[]
  /** Closes every connection that this user has signed in on. */
  terminateUser(userId: string): void
}

/** The apps of a broker. */
export interface Apps {
  byId(id: string): AppCommands | null
}

export type WebhookEvent =
  | { readonly name: 'channel_occupied' | 'channel_vacated' | 'cache_miss', readonly channel: string }
  | { readonly name: 'member_added' | 'member_removed', readonly channel: string, readonly user_id: string }
  | {
    readonly name: 'client_event', readonly channel: string, readonly event: string, readonly data: string,
    readonly socket_id: string, readonly user_id?: string,
  }
  | { readonly name: 'subscription_count', readonly channel: string, readonly subscription_count: number }

/** Where an app's events for webhooks go. Returns at once; nothing waits for an endpoint. */
export interface WebhookSink {
  /** Whether any endpoint of the app wants this event: what nobody wants need not be made. */
  wants(name: WebhookEvent['name']): boolean
  post(event: WebhookEvent): void
}
