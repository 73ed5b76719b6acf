/**
 * The operator's own server, asked when no other way decides. It is told what somebody wants and answers whether it may be. Whatever is not
 * a clear yes refuses: an error, silence, a bad answer. A yes is remembered for `cacheMs`, for the very same question only.
 */

import { CircuitBreaker, type BreakerChange } from './circuit-breaker.js'
import { CredentialCache } from '../load/credential-cache.js'
import type { Credential } from '../credential.js'
import { keyedDigest } from '../digest.js'
import { grantsFor, type WrittenGrants } from '../grants.js'
import type { HttpAnswer } from '../http-asker.js'
import { Lookups } from '../load/lookups.js'
import { isPrincipal, nobody, type Looked, type Principal } from '../principal.js'
import type { Question } from '../question.js'
import { shownUrl } from '../../config/secrets.js'
import { readAnswer, type WebhookAnswer } from './answer.js'
import type { AuthWorld } from '../world.js'

export interface WebhookSettings {
  readonly url: URL
  /** From the question to the end of its answer. */
  readonly timeoutMs: number
  /** 0: no answer is remembered. */
  readonly cacheMs: number
  /** Headers that it is told, names in small letters. */
  readonly headers: readonly string[]
}

const answerBytesMax = 64 * 1024
const rememberedMax = 10_000
/** Questions at one time, and such that wait for their turn. */
const atOnceMax = 32
const waitingMax = 4096

function bodyOf({ protocol, listener, peer, origin, action, topics, headers }: Question, credential: Credential, allowed: readonly string[]): string {
  const told = allowed.filter((name) => Object.hasOwn(headers, name)).map((name) => [name, headers[name]])
  return JSON.stringify({
    protocol, listener, peer, origin, topics, action,
    ...credential.kind === 'token' ? { credential: credential.token } : {},
    ...credential.kind === 'certificate' ? { certificate: { commonName: credential.certificate.commonName, uris: credential.certificate.uris } } : {},
    headers: Object.fromEntries(told),
  })
}

/** A yes without patterns is for what was asked, and nothing else. */
function grantedBy({ publish, subscribe }: WrittenGrants, { action, topics }: Question): WrittenGrants {
  if (publish !== undefined || subscribe !== undefined) return { publish, subscribe }
  // A star in a topic that was asked for would be one in the grant.
  const asked = topics.filter((topic) => !topic.includes('*') && !topic.includes('{sub}'))
  return action === 'publish' || action === 'subscribe' ? { [action]: asked } : {}
}

/** Statuses by which a server says no, rather than that it cannot say. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429
}

export class Webhook {
  readonly #settings: WebhookSettings
  readonly #world: AuthWorld
  readonly #breaker: CircuitBreaker
  readonly #remembered = new CredentialCache<Principal>(rememberedMax)
  readonly #lookups: Lookups

  constructor(settings: WebhookSettings, world: AuthWorld) {
    this.#settings = settings
    this.#world = world
    this.#breaker = new CircuitBreaker(world.monotonicMs)
    this.#lookups = new Lookups({ atOnceMax, waitingMax, waitMsMax: settings.timeoutMs }, world.monotonicMs)
  }

  /** `isOver` as for Lookups. */
  decide(question: Question, credential: Credential, isOver: () => boolean): Looked | Promise<Looked> {
    const body = bodyOf(question, credential, this.#settings.headers)
    const digest = keyedDigest(body)
    return this.#remembered.get(digest) ?? this.#lookups.look(digest, isOver, () => this.#ask(body, question, digest))
  }

  async #ask(body: string, question: Question, digest: string): Promise<Looked> {
    if (!this.#breaker.mayAsk()) return nobody('webhook-unavailable', 'the webhook has failed too often to be asked now')
    const { url, timeoutMs } = this.#settings
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    try {
      const answer = await this.#world.http.ask(url, { method: 'POST', headers, body: Buffer.from(body), timeoutMs, bytesMax: answerBytesMax })
      const looked = this.#look(answer, question)
      this.#tell(this.#breaker.answered(), '')
      if (isPrincipal(looked)) this.#remember(digest, looked)
      return looked
    } catch (error) {
      const { message } = error as Error
      this.#tell(this.#breaker.failed(), message)
      return nobody('webhook-unavailable', `the webhook failed: ${message}`)
    }
  }

  /** @throws {Error} what is no answer. */
  #look({ status, body }: HttpAnswer, question: Question): Looked {
    if (isRefusal(status)) return nobody('webhook-refused', `the webhook refused with status ${status}`)
    if (status !== 200) throw new Error(`status ${status}`)
    const answer = readAnswer(body)
    return answer.allow ? this.#principal(answer, question) : nobody('webhook-refused', 'the webhook refused')
  }

  #principal({ expiresInMs, ...answer }: WebhookAnswer & { allow: true }, question: Question): Principal {
    const subject = answer.subject ?? null
    const expiresAt = expiresInMs === undefined ? null : this.#world.wallMs() + expiresInMs
    return { way: 'webhook', name: '', subject, grants: grantsFor(grantedBy(answer, question), subject), expiresAt }
  }

  #remember(digest: string, principal: Principal): void {
    const until = this.#world.monotonicMs() + this.#settings.cacheMs
    const { expiresAt } = principal
    this.#remembered.set(digest, principal, () => this.#world.monotonicMs() < until && (expiresAt === null || this.#world.wallMs() < expiresAt))
  }

  #tell(change: BreakerChange, problem: string): void {
    const name = shownUrl(this.#settings.url)
    if (change === 'opened') this.#world.warn(`the webhook ${name} has failed repeatedly (${problem}): it is asked once a second until it answers`)
    if (change === 'closed') this.#world.warn(`the webhook ${name} answers again`)
  }
}
