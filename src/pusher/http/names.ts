/** Names in requests of the Pusher HTTP API: valid ones come back, others are refused with what they must be. */

import { channelTraits, isUserId, type ChannelTraits } from '../channel-name.js'
import { Refusal, got } from './answer.js'

/** Characters. */
export const eventNameMax = 200

/** Control characters and halves of surrogate pairs. */
const unfit = /[\p{Cc}\p{Cs}]/u
const socketId = /^\d{1,20}\.\d{1,20}$/

/** @throws {Refusal} 400 unless it can be a channel's name. */
export function traitsOf(name: unknown): ChannelTraits {
  const traits = typeof name === 'string' ? channelTraits(name) : null
  if (traits !== null) return traits
  throw new Refusal(400, `a channel must be 1..164 letters, digits or _-=@,.; or a user's own, got: ${got(name)}`)
}

/** @throws {Refusal} 400 unless it can be a channel's name. */
export function checkChannel(name: unknown): string {
  traitsOf(name)
  return name as string
}

/** @throws {Refusal} 400 unless it can be a user's id. */
export function checkUserId(id: unknown): string {
  if (typeof id === 'string' && isUserId(id)) return id
  throw new Refusal(400, `a user's id must be 1..128 characters, no control characters, got: ${got(id)}`)
}

/** @throws {Refusal} 400 unless it can be an event's name. Names of the protocol's own events are the server's to use, too. */
export function checkEventName(name: unknown): string {
  if (typeof name === 'string' && name !== '' && name.length <= eventNameMax && !unfit.test(name)) return name
  throw new Refusal(400, `name must be 1..${eventNameMax} characters, no control characters, got: ${got(name)}`)
}

/** Null when there is none. @throws {Refusal} 400 */
export function checkSocketId(id: unknown): string | null {
  if (id === undefined || id === null) return null
  if (typeof id === 'string' && socketId.test(id)) return id
  throw new Refusal(400, `socket_id must be two numbers with a point between, got: ${got(id)}`)
}
