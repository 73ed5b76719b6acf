/**
 * Client events that the engine has not delivered itself: most are to be refused with the reason. One that is permitted came
 * before the engine knew of the subscription, and is published from here.
 */

import { channelTraits } from './channel-name.js'
import { clientEventCode, clientEvents, events } from './errors.js'
import type { JsonObject } from './json.js'
import { memberTexts } from './json-slices.js'
import type { PusherSession } from './session.js'

const clientEventPrefix = 'client-'
const eventNameMax = 200

interface ClientEvent {
  readonly event: string
  readonly channel: string
  readonly data: string
}

/** Why nobody may get it; null when it is permitted. */
function reasonAgainst({ app, subscriptions }: PusherSession, { event, channel, data }: ClientEvent): string | null {
  const traits = channelTraits(channel)
  if (app.clientEvents === 'off') return clientEvents.notEnabled
  if (!event.startsWith(clientEventPrefix)) return clientEvents.badName
  if (event.length > eventNameMax) return clientEvents.longName
  if (traits === null || (traits.access !== 'private' && traits.access !== 'presence')) return clientEvents.badChannel
  if (traits.encrypted) return clientEvents.encrypted
  if (!subscriptions.has(channel)) return clientEvents.notSubscribed
  return Buffer.byteLength(data) > app.config.limits.payloadBytesMax ? clientEvents.tooLarge : null
}

/** False when the engine has no room for it. */
function publish({ id, app, subscriptions }: PusherSession, { event, channel, data }: ClientEvent): boolean {
  try {
    app.calls.publish(app.namespace + channel, data, { event, userId: subscriptions.get(channel) ?? null, excluded: id })
    return true
  } catch (error) {
    app.warn('pusher-client-event-refused', error instanceof Error ? error.message : String(error))
    return false
  }
}

function deliver(session: PusherSession, message: ClientEvent): string | null {
  if (!session.takeClientEvent()) return clientEvents.overRate
  if (!publish(session, message)) return clientEvents.overCapacity
  tellPublished(session, message)
  return null
}

/** As the engine does: what is no text goes out as its JSON, which stays as it was written; nothing as an empty text. */
function dataOf(data: unknown, text: string): string {
  if (typeof data === 'string') return data
  return data === undefined ? '' : memberTexts(text).get('data') ?? ''
}

/** `text`: the whole message, of which `channel` and `data` are members. */
export function onClientEvent(session: PusherSession, event: string, { channel, data }: JsonObject, text: string, rate: 'within' | 'over'): void {
  if (typeof channel !== 'string') return session.refuse(events.noChannel)
  const message: ClientEvent = { event, channel, data: dataOf(data, text) }
  const against = rate === 'over' ? clientEvents.overRate : reasonAgainst(session, message) ?? deliver(session, message)
  if (against !== null) session.refuse({ code: clientEventCode, message: against })
}

/** The webhook of a client event that was delivered. */
export function tellPublished({ app, socketId, subscriptions }: PusherSession, { event, channel, data }: ClientEvent): void {
  const userId = subscriptions.get(channel) ?? null
  const user = userId === null ? {} : { user_id: userId }
  app.tell({ name: 'client_event', channel, event, data, socket_id: socketId, ...user })
}
