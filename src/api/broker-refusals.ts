/** What the broker refuses, as answers. */

import type { HttpHandler, HttpRequest, HttpResponse } from '../http/contract.js'
import { problem } from '../http/problem.js'

const retrySoon = { 'retry-after': '1' }

/** The codes of Broker.publish: [status, headers]. */
const refusals: Readonly<Record<string, readonly [status: number, headers: HttpResponse['headers']]>> = {
  ERR_TOPIC: [400, {}],
  ERR_MESSAGE_BYTES: [413, {}],
  ERR_LOG_BYTES: [503, retrySoon],
  // Topics that nobody uses are forgotten in time: it is a matter of waiting, as in the handshake of a WebSocket.
  ERR_TOPICS: [503, { 'retry-after': '10' }],
  ERR_CLOSED: [503, retrySoon],
}

/** What an answer says of an error of the broker; null: it is none that is meant for whoever asks. */
export function refusalOf(error: unknown): { status: number, detail: string, headers: HttpResponse['headers'] } | null {
  const { code, message } = error as { code?: unknown, message?: unknown }
  const [status, headers = {}] = refusals[String(code)] ?? []
  return status === undefined ? null : { status, detail: String(message), headers }
}

/** The handler, with an answer to each of the broker's errors. What else it throws is thrown. */
export function answeringRefusals(handle: HttpHandler): HttpHandler {
  return (request: HttpRequest) => {
    try {
      const answer = handle(request)
      return answer instanceof Promise ? answer.catch(refused) : answer
    } catch (error) {
      return refused(error)
    }
  }
}

function refused(error: unknown): HttpResponse {
  // A position that is none is told by the engine alone.
  if (error instanceof RangeError) return problem(400, error.message)
  const refusal = refusalOf(error)
  if (refusal === null) throw error
  return problem(refusal.status, refusal.detail, refusal.headers)
}
