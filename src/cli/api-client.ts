/** What commands ask of a running broker's HTTP API, with failures in words. */

import { request as requestPlain, type IncomingHttpHeaders } from 'node:http'
import { request as requestSecure } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { environmentEntries } from '../config/sources.js'
import { describeSystemError } from '../endpoint.js'
import { printable } from '../log/printable.js'
import { addClientFlags, clientAccess, tokenVariable, type ClientAccess, type ClientFlags } from './client-options.js'
import { CommandError, UsageError } from './exit.js'

export interface ApiFlags extends ClientFlags {
  readonly url?: string
}

export interface ApiAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const portUsual = 8000
const patienceMs = 10_000
const detailMax = 300
type Environment = Readonly<Record<string, string | undefined>>

/** The API of `broker start` in this environment. */
function defaultApiUrl(env: Environment): string {
  const variable = 'BROKER_API_PORT'
  const [entry] = environmentEntries({ [variable]: env[variable] })
  return `http://localhost:${entry === undefined ? portUsual : String(entry.value)}`
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new UsageError(`--url must be http://<host>:<port> or https://…, got: ${text}`)
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/** `localhost` is tried on both loopbacks; the errors then come wrapped. */
function reasonOf(error: unknown): string {
  const { code, message, errors } = error as { code?: unknown, message?: unknown, errors?: unknown }
  if (Array.isArray(errors) && errors.length > 0) return reasonOf(errors[0])
  return typeof code === 'string' ? describeSystemError(code) : String(message)
}

/** Nobody answers there. */
export class UnreachableError extends CommandError {}

/** What it was told: the detail of problem details, else the first line. */
function detailOf({ headers, body }: ApiAnswer): string {
  const isProblem = headers['content-type']?.startsWith('application/problem+json') === true
  const detail = isProblem ? (JSON.parse(body) as { detail?: unknown }).detail : body.split('\n', 1)[0]
  return printable(String(detail).slice(0, detailMax))
}

export class ApiClient {
  readonly url: URL
  readonly #access: ClientAccess

  /** @throws {UsageError} flags that mean nothing. */
  constructor(flags: ApiFlags, env: Environment = process.env) {
    this.url = parseUrl(flags.url ?? defaultApiUrl(env))
    // The broker's own variable is at hand where the broker runs.
    this.#access = clientAccess(flags, { [tokenVariable]: env[tokenVariable] ?? env['BROKER_API_TOKEN'] })
  }

  /** Any answer. @throws {UnreachableError} none. */
  ask(path: string, method = 'GET'): Promise<ApiAnswer> {
    const url = new URL(path, this.url)
    const request = url.protocol === 'https:' ? requestSecure : requestPlain
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, headers: this.#access.headers, timeout: patienceMs, ...this.#access.tls }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }), reject)
      })
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${patienceMs / 1000} s`)))
      sent.on('error', (error) => reject(new UnreachableError(`cannot reach the HTTP API at ${url.origin}: ${reasonOf(error)}`)))
      sent.end()
    })
  }

  /** The body of an answer 200. @throws {CommandError} another one, in its own words. */
  async get(path: string): Promise<string> {
    const answer = await this.ask(path)
    if (answer.status === 200) return answer.body
    const hint = answer.status === 401 ? ` (--token-file, or ${tokenVariable})` : ''
    throw new CommandError(`${new URL(path, this.url).href} was refused: ${answer.status} ${detailOf(answer)}${hint}`)
  }

  async json<Value>(path: string): Promise<Value> {
    return JSON.parse(await this.get(path)) as Value
  }
}

export function addApiFlags(command: Command): Command {
  return addClientFlags(command.option('-u, --url <url>', 'the HTTP API of the broker (default: http://localhost:8000, or the port of BROKER_API_PORT)'))
}
