/** `channel_data`: what an app's server says of a user that joins a presence channel. */

import { isUserId } from './pusher-channel-name.js'
import { parseJsonObject } from './pusher-json.js'
import type { SubscriptionRefusal } from './pusher-messages.js'
import type { Member } from './pusher-presence.js'

function refuse(error: string): SubscriptionRefusal {
  return { type: 'AuthError', error, status: 401 }
}

/** Ids are texts on the wire. Some servers write numbers; one that JSON.parse rounds could be another user's. */
function idOf(given: unknown): string | null {
  const text = Number.isSafeInteger(given) ? String(given) : given
  return typeof text === 'string' && isUserId(text) ? text : null
}

/** Reads what has been found authorized. */
export function parseChannelData(text: string, infoBytesMax: number): Member | SubscriptionRefusal {
  const data = parseJsonObject(text)
  if (data === null) return refuse('channel_data must be a JSON object of at most 32 levels')
  const userId = idOf(data['user_id'])
  if (userId === null) return refuse('channel_data must have a user_id of 1..128 characters')
  const info = JSON.stringify(data['user_info'] ?? null)
  if (Buffer.byteLength(info) > infoBytesMax) {
    return { type: 'LimitReached', error: `user_info must be at most ${infoBytesMax} bytes`, status: 4301 }
  }
  return { userId, info }
}
