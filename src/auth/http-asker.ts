/** How other servers are asked, a webhook or one with keys: one request, bounded in time and bytes, no redirects. */

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface HttpQuestion {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
  /** From now to the end of the answer. */
  readonly timeoutMs: number
  /** Of the answer's body. */
  readonly bytesMax: number
}

export interface HttpAnswer {
  readonly status: number
  readonly body: Buffer
}

export interface HttpAsker {
  /** @throws {Error} no whole answer within the bounds; the message is one line that says why and names no URL. */
  ask(url: URL, question: HttpQuestion): Promise<HttpAnswer>
  /** Ends idle connections. */
  close(): void
}

/** Connections to one server at a time; further requests wait for one, within their time. */
const connectionsMax = 32

/** Errors of several addresses have a code and no message. */
function describe(error: Error): string {
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}

async function bodyOf(answer: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > bytesMax) throw new Error(`the answer must be at most ${bytesMax} bytes, got: more`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

export class NodeHttpAsker implements HttpAsker {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: connectionsMax })
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: connectionsMax })

  async ask(url: URL, { method, headers, body, timeoutMs, bytesMax }: HttpQuestion): Promise<HttpAnswer> {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), timeoutMs)
    const sized = body === null ? headers : { ...headers, 'content-length': String(body.length) }
    try {
      const answer = await this.#send(url, { method, headers: sized, signal: abort.signal }, body)
      return { status: answer.statusCode ?? 0, body: await bodyOf(answer, bytesMax) }
    } catch (error) {
      throw new Error(abort.signal.aborted ? `no answer within ${timeoutMs} ms` : describe(error as Error), { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  #send(url: URL, options: { method: string, headers: Record<string, string>, signal: AbortSignal }, body: Buffer | null): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: this.#https })
        : httpRequest(url, { ...options, agent: this.#http })
      request.on('error', reject)
      request.on('response', resolve)
      // Node ends a connection that switches to another protocol, but tells only this listener.
      request.on('upgrade', (_answer, socket) => {
        socket.destroy()
        reject(new Error('the answer switches to another protocol'))
      })
      request.end(body)
    })
  }

  close(): void {
    this.#http.destroy()
    this.#https.destroy()
  }
}
