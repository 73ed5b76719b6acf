/** Bodies of `/events` and `/batch_events`: from bytes to events whose names and sizes are checked. */

import { isUtf8 } from 'node:buffer'
import type { PusherAppConfig } from '../../config/sections/pusher-app.js'
import { isJsonObject, type JsonObject } from '../json.js'
import { Refusal, got } from './answer.js'
import { parseInfo } from './info.js'
import { checkChannel, checkEventName, checkSocketId, traitsOf } from './names.js'

type Limits = PusherAppConfig['limits']

const attributes = ['user_count', 'subscription_count'] as const

/** One event for one or more channels. */
export interface Trigger {
  readonly name: string
  readonly data: string
  /** At least one, none twice. */
  readonly channels: readonly string[]
  readonly socketId: string | null
  /** What the answer is to say of each channel; empty: nothing. */
  readonly info: readonly (typeof attributes)[number][]
}

/** However deep: what is not a field of an event is never looked at. */
function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw new Refusal(400, 'a body must be UTF-8, got: other bytes')
  const text = body.toString()
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal(400, `a body must be JSON, got: ${got(text)}`)
  }
}

function parseBody(body: Buffer): JsonObject {
  const value = parseJson(body)
  if (isJsonObject(value)) return value
  throw new Refusal(400, `a body must be a JSON object, got: ${got(value)}`)
}

/** Most texts need no count: UTF-8 has 1..3 bytes for each unit of a string. */
function isLonger(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax
}

function checkData(data: unknown, bytesMax: number): string {
  if (typeof data !== 'string') throw new Refusal(400, `data must be a string, got: ${got(data)}`)
  if (isLonger(data, bytesMax)) {
    // "content of this event" is what SDKs' own tests look for, and "Batch too large" below.
    throw new Refusal(413, `the data content of this event exceeds the allowed maximum: data must be at most ${bytesMax} bytes, got: ${Buffer.byteLength(data)}`)
  }
  return data
}

function checkChannels(channels: unknown, max: number): readonly string[] {
  if (!Array.isArray(channels) || channels.length === 0 || channels.length > max) {
    throw new Refusal(400, `channels must be a list of 1..${max} names, got: ${got(channels)}`)
  }
  const names = (channels as unknown[]).map(checkChannel)
  if (names.length === 1) return names
  if (names.filter((name) => traitsOf(name).encrypted).length > 1) {
    throw new Refusal(400, 'channels must have at most one that is encrypted: each has a key of its own, got: more')
  }
  return [...new Set(names)]
}

function parseTarget({ channel, channels }: JsonObject, max: number): readonly string[] {
  const one = channel !== undefined && channel !== null
  const many = channels !== undefined && channels !== null
  if (one === many) throw new Refusal(400, `an event must have either channel or channels, got: ${one ? 'both' : 'none'}`)
  return one ? [checkChannel(channel)] : checkChannels(channels, max)
}

function parseEvent(fields: JsonObject, limits: Limits, channels: readonly string[]): Trigger {
  return {
    name: checkEventName(fields['name']),
    data: checkData(fields['data'], limits.payloadBytesMax),
    channels,
    socketId: checkSocketId(fields['socket_id']),
    info: parseInfo(fields['info'], attributes),
  }
}

/** @throws {Refusal} 400 malformed, 413 too much data. */
export function parseTrigger(body: Buffer, limits: Limits): Trigger {
  const fields = parseBody(body)
  return parseEvent(fields, limits, parseTarget(fields, limits.channelsPerEventMax))
}

function parseBatchEvent(event: unknown, limits: Limits): Trigger {
  if (!isJsonObject(event)) throw new Refusal(400, `an event must be a JSON object, got: ${got(event)}`)
  return parseEvent(event, limits, [checkChannel(event['channel'])])
}

/** Events of one channel each. @throws {Refusal} 400 malformed, 413 too much data. */
export function parseBatch(body: Buffer, limits: Limits): readonly Trigger[] {
  const { batch } = parseBody(body)
  const most = limits.batchEventsMax
  if (!Array.isArray(batch) || batch.length === 0 || batch.length > most) {
    const tooLarge = Array.isArray(batch) && batch.length > most ? `Batch too large (${batch.length} > ${most}): ` : ''
    throw new Refusal(400, `${tooLarge}batch must be a list of 1..${most} events, got: ${got(batch)}`)
  }
  return (batch as unknown[]).map((event) => parseBatchEvent(event, limits))
}
