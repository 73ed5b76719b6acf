/** Publishing one message over HTTP, whichever route it came by. */

import type { HttpRequest, HttpResponse } from '../http/contract.js'
import type { ApiDeps, ApiOptions } from './api.js'
import { refusalOf } from './broker-refusals.js'

/** Why one was not published, as an answer would have it. */
export interface PublishRefusal {
  readonly status: number
  readonly detail: string
  readonly headers: HttpResponse['headers']
}

/**
 * The publication's offset, or why there is none. What the broker throws and does not mean is thrown. `mayPublish`: what the request's
 * credential allows (HttpRequest); absent: all topics.
 */
export function publishOne(
  deps: ApiDeps, { token }: ApiOptions, topic: string, payload: string | Uint8Array, mayPublish: HttpRequest['mayPublish'],
): number | PublishRefusal {
  if (mayPublish !== undefined && !mayPublish(topic)) return { status: 403, detail: 'the credential does not allow publishing to this topic', headers: {} }
  const holdsToken = token !== null && mayPublish === undefined // a credential of `auth` is none for an app's topics, whatever it grants
  if (!holdsToken && deps.isReserved(topic)) {
    const detail = 'the topics of a Pusher app are its own: publish through its API, set api.token, or configure the app with shared: true'
    return { status: 403, detail, headers: {} }
  }
  try {
    return deps.publish(topic, payload)
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === null) throw error
    return refusal
  }
}
