/** Who joins a presence channel: what an app's server says in `channel_data`, or in the sign-in of the connection. */

import { parseJsonObject } from './json.js'
import { memberTexts } from './json-slices.js'
import type { SubscriptionRefusal } from './messages.js'
import type { Member } from './presence.js'
import { userIdOf } from './user-id.js'

function refuse(error: string): SubscriptionRefusal {
  return { type: 'AuthError', error, status: 401 }
}

/** What others are told of a user: JSON, as it was signed; null when that is over the limit. */
export function userInfoOf(json: string | undefined, infoBytesMax: number): string | null {
  const info = json ?? 'null'
  return Buffer.byteLength(info) > infoBytesMax ? null : info
}

/** A member with this info; null is one over its limit. */
export function memberWith(userId: string, info: string | null, infoBytesMax: number): Member | SubscriptionRefusal {
  if (info === null) return { type: 'LimitReached', error: `user_info must be at most ${infoBytesMax} bytes`, status: 4301 }
  return { userId, info }
}

/** Reads what has been found authorized. */
export function parseChannelData(text: string, infoBytesMax: number): Member | SubscriptionRefusal {
  if (parseJsonObject(text) === null) return refuse('channel_data must be a JSON object of at most 32 levels')
  const texts = memberTexts(text)
  const userId = userIdOf(texts.get('user_id'))
  if (userId === null) return refuse('channel_data must have a user_id: a text of 1..128 characters, or a whole number')
  return memberWith(userId, userInfoOf(texts.get('user_info'), infoBytesMax), infoBytesMax)
}
