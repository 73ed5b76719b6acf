/**
 * Messages from the broker to one client, as text. `data` is JSON in a string, as clients of every platform read it; of `pusher:error` alone
 * it is an object.
 */

import type { FatalError, PusherError } from './errors.js'

/** Why a subscription was refused; the shape is that of the client library's own errors. */
export interface SubscriptionRefusal {
  readonly type: 'AuthError' | 'LimitReached' | 'InvalidChannel'
  readonly error: string
  readonly status: number
}

/** One entry of a watchlist message. */
export interface WatchlistChange {
  readonly name: 'online' | 'offline'
  readonly user_ids: readonly string[]
}

export const emptyData = '{}'
export const pong = '{"event":"pusher:pong","data":"{}"}'

export function connectionEstablished(socketId: string, activityTimeoutSeconds: number): string {
  const data = JSON.stringify({ socket_id: socketId, activity_timeout: activityTimeoutSeconds })
  return JSON.stringify({ event: 'pusher:connection_established', data })
}

export function errorMessage({ code, message }: PusherError | FatalError): string {
  return JSON.stringify({ event: 'pusher:error', data: { message, code } })
}

export function subscriptionSucceeded(channel: string, data: string): string {
  return JSON.stringify({ event: 'pusher_internal:subscription_succeeded', channel, data })
}

export function subscriptionError(channel: string, refusal: SubscriptionRefusal): string {
  return JSON.stringify({ event: 'pusher:subscription_error', channel, data: JSON.stringify(refusal) })
}

export function cacheMiss(channel: string): string {
  return JSON.stringify({ event: 'pusher:cache_miss', channel })
}

/** The same bytes as a publication of this event. */
export function channelEvent(event: string, channel: string, data: string): string {
  return JSON.stringify({ event, channel, data })
}

export function signinSuccess(userData: string): string {
  return JSON.stringify({ event: 'pusher:signin_success', data: JSON.stringify({ user_data: userData }) })
}

export function watchlistEvents(changes: readonly WatchlistChange[]): string {
  return JSON.stringify({ event: 'pusher_internal:watchlist_events', data: JSON.stringify({ events: changes }) })
}
