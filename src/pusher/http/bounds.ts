/** How long bodies may be: what follows from the apps' limits, so that nothing longer is ever read. */

import type { PusherAppConfig } from '../../config/sections/pusher-app.js'
import { eventNameMax } from './names.js'

/** Bytes, by kind of request. */
export interface BodyBounds {
  readonly events: number
  readonly batch: number
}

type Limits = Pick<PusherAppConfig['limits'], 'payloadBytesMax' | 'channelsPerEventMax' | 'batchEventsMax'>

/** Whatever the limits say: a body is held in memory before its signature can be checked. */
const bodyBytesMax = 8 * 2 ** 20
/** JSON may write any byte of a text as \u00XX. */
const escapedBytes = 6
/** A channel's name with its quotes and comma. */
const channelBytes = 168
/** Keys, the socket's id, attributes, spaces. */
const overheadBytes = 4096

export const widestBounds: BodyBounds = { events: bodyBytesMax, batch: bodyBytesMax }

function eventBytes({ payloadBytesMax }: Limits): number {
  return escapedBytes * (payloadBytesMax + eventNameMax) + overheadBytes
}

function widest(bytes: readonly number[]): number {
  return Math.min(bodyBytesMax, Math.max(overheadBytes, ...bytes))
}

/** Bounds that fit each of the apps: which one is asked for is not known before the body is read. */
export function bodyBounds(limits: readonly Limits[]): BodyBounds {
  return {
    events: widest(limits.map((each) => eventBytes(each) + channelBytes * each.channelsPerEventMax)),
    batch: widest(limits.map((each) => each.batchEventsMax * (eventBytes(each) + channelBytes))),
  }
}
