/** The `info` of a request: which attributes of a channel it asks for, and what they are. */

import type { AppCommands, CachedEvent } from '../contract.js'
import { Refusal, got } from './answer.js'
import { traitsOf } from './names.js'

export type Attribute = 'user_count' | 'subscription_count' | 'cache'

/** What an answer says of one channel. */
export interface Attributes {
  user_count?: number
  subscription_count?: number
  /** Null: the channel has no last event (any more). */
  cache?: CachedEvent | null
}

const none: readonly never[] = []
/** Characters: all attributes and spaces between them. */
const infoMax = 100

/** A list with commas, each attribute one of those `offered`. @throws {Refusal} 400 */
export function parseInfo<Offered extends Attribute>(info: unknown, offered: readonly Offered[]): readonly Offered[] {
  if (info === undefined || info === null || info === '') return none
  const wanted = typeof info === 'string' && info.length <= infoMax ? info.split(',').map((name) => name.trim()) : [null]
  if (wanted.every((name) => (offered as readonly unknown[]).includes(name))) return wanted as Offered[]
  throw new Refusal(400, `info must be a list of ${offered.join(', ')}, got: ${got(info)}`)
}

/** The attributes that this channel has: a user_count only presence channels. */
export function attributesOf(app: AppCommands, channel: string, wanted: readonly Attribute[]): Attributes {
  const found = app.channel(channel)
  const attributes: Attributes = {}
  if (wanted.includes('user_count') && traitsOf(channel).access === 'presence') attributes.user_count = found?.userCount ?? 0
  if (wanted.includes('subscription_count')) attributes.subscription_count = found?.subscriptionCount ?? 0
  if (wanted.includes('cache')) attributes.cache = app.cached(channel)
  return attributes
}

/** Channel names to attributes. Without a prototype: `__proto__` is a channel's name as any other. */
export function attributesByChannel(entries: Iterable<readonly [string, Attributes]>): Record<string, Attributes> {
  const all = Object.create(null) as Record<string, Attributes>
  for (const [channel, attributes] of entries) all[channel] = attributes
  return all
}
