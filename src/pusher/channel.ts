/** One occupied channel. It exists from its first subscriber to its last. */

import type { ChannelTraits } from './channel-name.js'
import type { ChannelInfo } from './contract.js'
import { emptyData, subscriptionSucceeded } from './messages.js'
import { PresenceMembers, type Member } from './presence.js'

export class Channel {
  readonly name: string
  readonly traits: ChannelTraits
  /** Null unless it is a presence channel. */
  readonly members: PresenceMembers | null
  subscriptions = 0
  #succeeded: string | null = null

  constructor(name: string, traits: ChannelTraits) {
    this.name = name
    this.traits = traits
    this.members = traits.access === 'presence' ? new PresenceMembers() : null
  }

  get info(): ChannelInfo {
    return { name: this.name, subscriptionCount: this.subscriptions, userCount: this.members?.count ?? null }
  }

  /** The answer to a successful subscription; kept while the members are the same: thousands of connections may be few users. */
  get succeeded(): string {
    if (this.members === null) return subscriptionSucceeded(this.name, emptyData)
    return this.#succeeded ??= subscriptionSucceeded(this.name, this.members.snapshot())
  }

  /** True when a user came by it. */
  add(member: Member): boolean {
    const came = this.members?.add(member) === true
    if (came) this.#succeeded = null
    return came
  }

  /** True when a user went by it. */
  remove(userId: string): boolean {
    const went = this.members?.remove(userId) === true
    if (went) this.#succeeded = null
    return went
  }
}
