/**
 * The one place that decides who may do what. It is asked once for a connection, a call or a request, tries the ways in their order, and
 * answers with grants that the engine holds every later topic to. Whatever goes wrong within refuses.
 * Thread: main. It never holds the event loop: questions are answered in turns, signatures are verified elsewhere.
 */

import { ways, type ApiRight, type Way } from '../config/sections/auth.js'
import { anonymousGrants } from './anonymous.js'
import { Certificates } from './certificates.js'
import { credentialOf, subprotocolAnswer, type Credential } from './credential.js'
import { Failures } from './load/failures.js'
import { noGrants, permits, together, type Grants } from './grants.js'
import { isJwtShaped, JwtVerifier } from './jwt/verifier.js'
import { isListed } from './origins.js'
import { isPrincipal, nobody, shown, type Looked, type NoPrincipal, type Principal } from './principal.js'
import type { Action, Asked, Question } from './question.js'
import { refusals } from './refusals.js'
import type { AuthSettings } from './settings.js'
import { StaticTokens } from './static-tokens.js'
import { Turns } from './load/turns.js'
import { refused, type Standing, type Verdict } from './verdict.js'
import { VerifiedTokens } from './jwt/verified-tokens.js'
import { Webhook } from './webhook/webhook.js'
import type { AuthWorld } from './world.js'

/** An answer to Asked. */
export interface Decided<Id> {
  readonly id: Id
  readonly verdict: Verdict
}

/** Which right of the HTTP API an action needs there. */
const apiRightFor: Readonly<Record<Action, ApiRight>> = { publish: 'publish', subscribe: 'read', read: 'read', admin: 'admin' }

/** Why grants do not hold what is asked; null: they do. */
function missing(grants: Grants, { action, api, topics }: Question): NoPrincipal | null {
  if (api && !grants.api.includes(apiRightFor[action])) return nobody('right', `the API's right ${apiRightFor[action]} is needed`)
  if (action !== 'publish' && action !== 'subscribe') return api ? null : nobody('right', `${action} is of the API only`)
  if (topics.length === 0 && grants[action].length === 0) return nobody('topic', `there is nothing to ${action}`)
  const topic = topics.find((each) => !permits(grants, action, each))
  return topic === undefined ? null : nobody('topic', `no pattern lets ${action} ${shown(topic)}`)
}

/** Whether topics are named later, and these grants do not hold them all. */
function isMoreToCome({ action, topics }: Question, grants: Grants): boolean {
  return (action === 'publish' || action === 'subscribe') && topics.length === 0 && !grants[action].includes('**')
}

export class Authorizer {
  readonly #settings: AuthSettings
  readonly #world: AuthWorld
  readonly #tokens: StaticTokens
  readonly #jwt: VerifiedTokens | null
  readonly #certificates: Certificates
  readonly #webhook: Webhook | null
  readonly #failures: Failures
  readonly #turns: Turns
  /** Told when keys have gone from a key set: what stands on them has fallen. */
  onFallen: (hasFallen: (standing: Standing) => boolean) => void = () => {}

  constructor(settings: AuthSettings, world: AuthWorld) {
    const { tokens, jwt, certificates, webhook } = settings
    this.#settings = settings
    this.#world = world
    this.#tokens = new StaticTokens(tokens)
    const verifier = jwt === null ? null : new JwtVerifier(jwt, world)
    this.#jwt = verifier === null ? null : new VerifiedTokens((token) => verifier.verify(token), world)
    this.#certificates = new Certificates(certificates)
    this.#webhook = webhook === null ? null : new Webhook(webhook, world)
    this.#failures = new Failures(world.monotonicMs)
    this.#turns = new Turns(world.monotonicMs)
    if (jwt?.jwks) jwt.jwks.onGone = (ids) => this.#forgetKeys(ids)
  }

  /** Headers that questions should carry; no others are looked at. */
  get headers(): readonly string[] {
    return this.#settings.webhook?.headers ?? []
  }

  /** Whether so many credentials of an address have failed that nothing of it is looked at now. */
  isOver(peer: string): boolean {
    return this.#failures.isOver(peer)
  }

  /** Decides one question; never rejects. */
  decide(question: Question): Promise<Verdict> {
    return new Promise((resolve) => this.#turns.add(() => this.#answer(question, resolve)))
  }

  /** Decides questions; each verdict is delivered once, together with others that are ready by then, in no order. */
  decideAll<Id>(asked: readonly Asked<Id>[], deliver: (decided: readonly Decided<Id>[]) => void): void {
    let ready: Decided<Id>[] = []
    const flush = () => {
      const decided = ready
      ready = []
      deliver(decided)
    }
    for (const { id, question } of asked) {
      this.#turns.add(() => this.#answer(question, (verdict) => {
        if (ready.push({ id, verdict }) === 1) setImmediate(flush)
      }))
    }
  }

  /** A key that is also one of the configuration's own is not gone. */
  #forgetKeys(ids: ReadonlySet<string>): void {
    const own = this.#settings.jwt?.keys ?? []
    const gone = new Set([...ids].filter((id) => !own.some((key) => key.id === id)))
    this.#jwt?.forget(gone)
    this.onFallen(({ way, name }) => way === 'jwt' && gone.has(name))
  }

  /** Must not throw: what fails refuses. */
  #answer(question: Question, resolve: (verdict: Verdict) => void): void {
    try {
      const looked = this.#look(question)
      if (!(looked instanceof Promise)) return resolve(this.#verdict(question, looked))
      looked.then((found) => this.#verdict(question, found)).catch((error: unknown) => this.#failed(error)).then(resolve)
    } catch (error) {
      resolve(this.#failed(error))
    }
  }

  #failed(error: unknown): Verdict {
    this.#world.warn(`authorisation failed: ${error instanceof Error ? error.message : String(error)}`)
    return refused('failed', 'authorisation failed')
  }

  #verdict(question: Question, looked: Looked): Verdict {
    const lacking = isPrincipal(looked) ? missing(looked.grants, question) : looked
    if (lacking === null && isPrincipal(looked)) {
      const { way, name, grants, subject, expiresAt } = looked
      const subprotocol = subprotocolAnswer(question.credential.subprotocols)
      return { allow: true, grants, subject, expiresAt, subprotocol, standing: { way, name, listener: question.listener } }
    }
    const { code, reason } = lacking ?? nobody('failed', '')
    if (refusals[code].isFailure) this.#failures.count(question.peer)
    return refused(code, isPrincipal(looked) && looked.subject !== null ? `${reason} (${shown(looked.subject)})` : reason)
  }

  #accepts(way: Way, { listener }: Question): boolean {
    return (this.#settings.narrowed.get(listener) ?? ways).includes(way)
  }

  #look(question: Question): Looked | Promise<Looked> {
    const { origin, peer } = question
    const { origins } = this.#settings
    if (origin !== null && origins !== null && !isListed(origins, origin)) return nobody('origin', `auth.origins does not list ${shown(origin)}`)
    const credential = credentialOf(question.credential)
    if (credential.kind === 'none') return this.#withoutCredential(question, credential, 'there is no credential')
    if (credential.kind === 'certificate') return this.#byCertificate(credential, question)
    if (this.#failures.isOver(peer)) return nobody('too-many-failures', 'other credentials of this address have failed')
    if (credential.kind === 'unreadable') return nobody(credential.code, credential.reason)
    return this.#byToken(credential.token, question, credential)
  }

  #byToken(token: string, question: Question, credential: Credential): Looked | Promise<Looked> {
    const found = this.#accepts('tokens', question) ? this.#tokens.find(token) : null
    if (found !== null) return found
    const isOver = () => this.#failures.isOver(question.peer)
    if (this.#jwt !== null && this.#accepts('jwt', question) && isJwtShaped(token)) {
      return this.#jwt.look(token, isOver)
    }
    if (this.#webhook !== null && this.#accepts('webhook', question)) return this.#webhook.decide(question, credential, isOver)
    return nobody('unknown-token', 'no way in that the listener takes knows the token')
  }

  /** A certificate that nothing is said about is no credential: whoever has none may do as much. */
  #byCertificate(credential: Credential & { kind: 'certificate' }, question: Question): Looked | Promise<Looked> {
    const found = this.#accepts('certificates', question) ? this.#certificates.find(credential.certificate) : null
    if (found === null) return this.#withoutCredential(question, credential, 'auth.certificates does not list the certificate')
    // A browser shows its certificate for whatever page asks.
    const isForeignPage = question.origin !== null && this.#settings.origins === null
    return isForeignPage ? nobody('origin', 'certificates of browsers count for pages that auth.origins lists') : found
  }

  #anonymous(question: Question): Principal {
    const { anonymous, origins } = this.#settings
    const grants = this.#accepts('anonymous', question) ? anonymousGrants(anonymous, question, origins) : noGrants
    return { way: 'anonymous', name: '', subject: null, grants, expiresAt: null }
  }

  /** May what anybody may, and beyond that what the webhook says, which is only asked where it matters. */
  #withoutCredential(question: Question, credential: Credential, reason: string): Looked | Promise<Looked> {
    const anonymous = this.#anonymous(question)
    const suffices = missing(anonymous.grants, question) === null
    const refusal = nobody('no-credential', reason)
    if (this.#webhook === null || !this.#accepts('webhook', question) || (suffices && !isMoreToCome(question, anonymous.grants))) {
      return suffices ? anonymous : refusal
    }
    const looked = this.#webhook.decide(question, credential, () => this.#failures.isOver(question.peer))
    const join = (found: Looked): Looked => {
      if (isPrincipal(found)) return { ...found, grants: together(found.grants, anonymous.grants) }
      if (suffices) return anonymous
      return found.code === 'webhook-refused' ? nobody('no-credential', `${reason}, and ${found.reason}`) : found
    }
    return looked instanceof Promise ? looked.then(join) : join(looked)
  }
}
