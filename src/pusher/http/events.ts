/** POST /events and /batch_events: publishes events of servers and answers what was asked of their channels. */

import type { HttpResponse } from '../../http/contract.js'
import type { AppCommands, AppEvent } from '../contract.js'
import { Refusal, emptyAnswer, got, jsonAnswer, type RefusalStatus } from './answer.js'
import { attributesByChannel, attributesOf } from './info.js'
import { parseBatch, parseTrigger, type Trigger } from './trigger.js'

/** What the engine refuses, by the codes of NativeEngine.publish. Another error is ours. */
const publishRefusals: Readonly<Record<string, { readonly status: RefusalStatus, readonly problem: string } | undefined>> = {
  ERR_TOPIC: { status: 400, problem: 'a channel must be a valid topic of the broker' },
  ERR_MESSAGE_BYTES: { status: 413, problem: 'an event must be within limits.messageBytesMax' },
  ERR_LOG_BYTES: { status: 503, problem: 'an event must wait: the broker has no memory left for it' },
  ERR_TOPICS: { status: 503, problem: 'an event must wait: the broker has as many topics as limits.topicsMax' },
  ERR_CLOSED: { status: 503, problem: 'an event must go elsewhere: the broker is closed' },
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function takeEvents(app: AppCommands, count: number): void {
  if (app.takeBackendEvents(count)) return
  throw new Refusal(429, `events must be at most ${app.config.limits.backendEventsPerSecondMax} a second, got: ${count} more`)
}

function eventsOf({ name, data, channels, socketId }: Trigger): AppEvent[] {
  return channels.map((channel) => ({ name, channel, data, socketId }))
}

/** In their order. The first one that cannot be published ends it; those before it have been delivered. */
function publishAll(app: AppCommands, events: readonly AppEvent[]): void {
  takeEvents(app, events.length)
  for (const [at, event] of events.entries()) {
    try {
      app.publish(event)
    } catch (error) {
      const refusal = publishRefusals[codeOf(error)]
      if (refusal === undefined) throw error
      const { status, problem } = refusal
      throw new Refusal(status, `${problem}; ${at} of ${events.length} events were published, got: ${got(event.channel)}`)
    }
  }
}

export function answerTrigger(app: AppCommands, body: Buffer): HttpResponse {
  const trigger = parseTrigger(body, app.config.limits)
  publishAll(app, eventsOf(trigger))
  if (trigger.info.length === 0) return emptyAnswer
  const entries = trigger.channels.map((channel) => [channel, attributesOf(app, channel, trigger.info)] as const)
  return jsonAnswer({ channels: attributesByChannel(entries) })
}

export function answerBatch(app: AppCommands, body: Buffer): HttpResponse {
  const batch = parseBatch(body, app.config.limits)
  publishAll(app, batch.flatMap(eventsOf))
  if (batch.every(({ info }) => info.length === 0)) return emptyAnswer
  return jsonAnswer({ batch: batch.map(({ channels: [channel], info }) => attributesOf(app, channel as string, info)) })
}
