/** How a webhook leaves: one HTTP request over connections that are kept, no redirects, no endless answers. */

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

/** Posts a body. */
export interface WebhookPoster {
  /** The answer's status. Rejects when there is none, or when `signal` aborts first. */
  post(url: URL, headers: Readonly<Record<string, string>>, body: Buffer, signal: AbortSignal): Promise<number>
  /** Ends idle connections. */
  close(): void
}

/** Bytes of an answer that are read to keep its connection; who says more loses it. */
const answerBytesMax = 64 * 1024

/** Resolves when the answer is over, so that requests to one endpoint never overlap. */
function statusOf(answer: IncomingMessage): Promise<number> {
  return new Promise((resolve) => {
    let bytes = 0
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > answerBytesMax) answer.destroy()
    })
    answer.on('error', () => {}) // the status has come, what follows does not matter
    answer.on('close', () => resolve(answer.statusCode ?? 0))
  })
}

/** Connections to all endpoints of an app. */
export class HttpWebhookPoster implements WebhookPoster {
  readonly #http = new HttpAgent({ keepAlive: true })
  readonly #https = new HttpsAgent({ keepAlive: true })

  post(url: URL, headers: Readonly<Record<string, string>>, body: Buffer, signal: AbortSignal): Promise<number> {
    const secure = url.protocol === 'https:'
    const options = { method: 'POST', headers: { ...headers, 'content-length': body.length }, signal }
    return new Promise((resolve, reject) => {
      const request = secure
        ? httpsRequest(url, { ...options, agent: this.#https })
        : httpRequest(url, { ...options, agent: this.#http })
      request.on('error', reject)
      request.on('response', (answer) => resolve(statusOf(answer)))
      // Node ends a connection that switches to another protocol, but tells only this listener.
      request.on('upgrade', (answer, socket) => {
        socket.destroy()
        resolve(answer.statusCode ?? 0)
      })
      request.end(body)
    })
  }

  close(): void {
    this.#http.destroy()
    this.#https.destroy()
  }
}
