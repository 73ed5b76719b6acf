/** The occupied channels of one app: who enters, who leaves, and who is told of it. Nothing here looks at every subscriber. */

import type { ConnectionId, SessionCalls } from '../native/binding.js'
import type { Announcement, Announcer } from './announcer.js'
import type { PusherCache } from './cache.js'
import { Channel } from './channel.js'
import type { ChannelTraits } from './channel-name.js'
import type { Clock } from './clock.js'
import type { WebhookEvent } from './contract.js'
import { SubscriptionCounts } from './counts.js'
import { cacheMiss, emptyData, subscriptionSucceeded } from './messages.js'
import { memberAdded, memberRemoved, type Member } from './presence.js'

/** A subscription that may be made. */
export interface Admission {
  readonly channel: string
  readonly traits: ChannelTraits
  /** Who joins; null unless it is a presence channel. */
  readonly member: Member | null
}

/** What the channels need of their app. */
export interface ChannelsHost {
  /** What the names of its topics begin with. */
  readonly namespace: string
  readonly calls: Pick<SessionCalls, 'joinTopic'>
  readonly clock: Clock
  readonly cache: PusherCache
  readonly announcer: Announcer
  readonly clientEvents: 'on' | 'off'
  readonly counts: 'on' | 'off'
  /** Tells the webhooks. */
  tell(event: WebhookEvent): void
}

export class Channels {
  readonly #host: ChannelsHost
  readonly #occupied = new Map<string, Channel>()
  readonly #counts: SubscriptionCounts

  constructor(host: ChannelsHost) {
    this.#host = host
    this.#counts = new SubscriptionCounts(host.clock, (channel) => this.#tellCount(channel))
  }

  get size(): number {
    return this.#occupied.size
  }

  get(name: string): Channel | null {
    return this.#occupied.get(name) ?? null
  }

  all(): Iterable<Channel> {
    return this.#occupied.values()
  }

  /**
   * Answers a connection that is in the channel already and asks again. Not as a message of its own: what is published from now on
   * must not overtake the list in it. @throws {Error} from joinTopic.
   */
  greetAgain(id: ConnectionId, { channel: name, traits }: Admission, userId: string | null): void {
    const channel = this.#occupied.get(name) ?? new Channel(name, traits)
    this.#join(id, channel, this.#greeting(channel), userId)
  }

  /** Subscribes a connection that is not in the channel yet. @throws {Error} from joinTopic; then nothing has changed. */
  enter(id: ConnectionId, { channel: name, traits, member }: Admission): void {
    const channel = this.#occupied.get(name) ?? new Channel(name, traits)
    const cameNow = member !== null && channel.add(member)
    const greeting = this.#greeting(channel)
    try {
      this.#join(id, channel, greeting, member?.userId ?? null)
    } catch (error) {
      if (member !== null) channel.remove(member.userId)
      throw error
    }
    channel.subscriptions++
    this.#occupied.set(name, channel)
    if (channel.subscriptions === 1) this.#host.tell({ name: 'channel_occupied', channel: name })
    if (cameNow) this.#tellMemberAdded(channel, member, id)
    if (traits.cache && !this.#host.cache.has(name)) this.#host.tell({ name: 'cache_miss', channel: name })
    this.#changeCount(channel)
  }

  /** A connection that was in the channel is gone from its topic. `userId`: as whom it was there, on presence channels. */
  leave(name: string, userId: string | null): void {
    const channel = this.#occupied.get(name)
    if (channel === undefined) return
    channel.subscriptions--
    if (userId !== null && channel.remove(userId)) this.#tellMemberRemoved(channel, userId)
    if (channel.subscriptions === 0) {
      this.#occupied.delete(name)
      this.#host.tell({ name: 'channel_vacated', channel: name })
    }
    this.#changeCount(channel)
  }

  close(): void {
    this.#counts.close()
  }

  #greeting(channel: Channel): string[] {
    const { name, traits, succeeded } = channel
    return traits.cache ? [succeeded, this.#host.cache.message(name) ?? cacheMiss(name)] : [succeeded]
  }

  #join(id: ConnectionId, { name, traits }: Channel, greeting: readonly string[], userId: string | null): void {
    const publishes = this.#host.clientEvents === 'on' && traits.access !== 'public' && !traits.encrypted
    this.#host.calls.joinTopic(id, this.#host.namespace + name, { greeting, publishes, userId })
  }

  /** The list that the joining connection has got includes the user already. */
  #tellMemberAdded(channel: Channel, member: Member, id: ConnectionId): void {
    const listeners = channel.subscriptions - 1
    this.#announce(channel, { event: 'pusher_internal:member_added', data: memberAdded(member), excluded: id, listeners })
    this.#host.tell({ name: 'member_added', channel: channel.name, user_id: member.userId })
  }

  #tellMemberRemoved(channel: Channel, userId: string): void {
    const listeners = channel.subscriptions
    this.#announce(channel, { event: 'pusher_internal:member_removed', data: memberRemoved(userId), excluded: 0, listeners })
    this.#host.tell({ name: 'member_removed', channel: channel.name, user_id: userId })
  }

  #changeCount(channel: Channel): void {
    if (this.#host.counts === 'on' && channel.members === null) this.#counts.changed(channel)
  }

  #tellCount(channel: Channel): void {
    const listeners = channel.subscriptions
    const count = { subscription_count: listeners }
    this.#announce(channel, { event: 'pusher_internal:subscription_count', data: JSON.stringify(count), excluded: 0, listeners })
    this.#host.tell({ name: 'subscription_count', channel: channel.name, ...count })
  }

  #announce({ name }: Channel, announcement: Omit<Announcement, 'topic'>): void {
    this.#host.announcer.announce({ topic: this.#host.namespace + name, ...announcement })
  }
}

/** The greeting of `#server-to-user-`, which is no channel of the app's. */
export function userGreeting(name: string): string[] {
  return [subscriptionSucceeded(name, emptyData)]
}
