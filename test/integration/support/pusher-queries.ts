/** What the SDK answers when it asks about channels. */

import { setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type Sdk from 'pusher'
import { patienceMs } from './eventually.js'

export interface ChannelAnswer {
  readonly occupied: boolean
  readonly subscription_count?: number
  readonly user_count?: number
  readonly cache?: { readonly data: string, readonly ttl: number } | null
}

/** The body of a GET. Rejects with the SDK's RequestError. */
export async function ask(sdk: Sdk, path: string, params: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const response = await sdk.get({ path, params })
  return response.json()
}

/** How many connections are subscribed to a channel. */
export async function subscriptionsOf(sdk: Sdk, channel: string): Promise<number | undefined> {
  const answer = await ask(sdk, `/channels/${channel}`, { info: 'subscription_count' }) as ChannelAnswer
  return answer.subscription_count
}

/** Ids of the users in a presence channel, sorted. */
export async function usersOf(sdk: Sdk, channel: string): Promise<string[]> {
  const { users } = await ask(sdk, `/channels/${channel}/users`) as { users: { id: string }[] }
  return users.map(({ id }) => id).sort()
}

/** Asks again and again until the answer is the expected one; what happens in clients takes its time to arrive. */
export async function answers<T>(question: () => Promise<T>, expected: T): Promise<void> {
  for (const until = performance.now() + patienceMs;;) {
    const answer = await question()
    if (isDeepStrictEqual(answer, expected)) return
    if (performance.now() > until) throw new Error(`waited ${patienceMs} ms for: ${JSON.stringify(expected)}, got: ${JSON.stringify(answer)}`)
    await turn() // a question that needs no network would leave no time for what it asks about
  }
}

/** Status and words of a refusal. @throws {Error} when it was not refused. */
export async function refusalOf(request: Promise<unknown>): Promise<{ readonly status: number | undefined, readonly body: string | undefined }> {
  try {
    await request
  } catch (error) {
    const { status, body } = error as { status?: number, body?: string }
    return { status, body }
  }
  throw new Error('the request must be refused, got: an answer')
}
