/**
 * Authorisation on top of a running engine: takes its questions to the authorizer, and the answers back; ends what has fallen after a reload.
 * The engine holds connections to what they were granted, and ends them with their credentials, by itself.
 */

import { Authorizer, type Decided } from './auth/authorizer.js'
import { ClockWatch } from './auth/clock-watch.js'
import type { Grants } from './auth/grants.js'
import { loadSettings } from './auth/load-settings.js'
import type { Asked, Question } from './auth/question.js'
import { refusals, type RefusalCode } from './auth/refusals.js'
import { hasFallen } from './auth/revocation.js'
import type { AuthSettings } from './auth/settings.js'
import { Standings } from './auth/standings.js'
import type { Standing, Verdict } from './auth/verdict.js'
import { systemWorld, type AuthWorld } from './auth/world.js'
import type { BrokerConfig } from './config/schema.js'
import { ConfigError } from './errors.js'
import { sectionOf } from './engine/sections.js'
import type { BrokerExtension, ExtensionPort } from './extension.js'
import { printable } from './log/printable.js'
import type { AuthAnswer, AuthAskedEvent, ConnectionId, NativeGrants } from './native/binding.js'

/** How often it is looked whether the wall clock was set. */
const clockLookMs = 1000

/** A question's place in the engine. */
interface Place {
  readonly id: ConnectionId
  readonly question: number
}

/** One that is being decided; `era`: of the settings that it was put to. */
interface Open {
  readonly place: Place
  readonly question: Question
  readonly era: number
}

const extensions = new WeakMap<ExtensionPort, AuthExtension>()

/**
 * As AuthExtension.reload, of a running broker's.
 * @throws {ConfigError} also where only one of both configurations has `auth`: for that it is to be started anew.
 */
export async function reloadAuth(port: ExtensionPort, config: BrokerConfig): Promise<void> {
  const extension = extensions.get(port)
  if (extension !== undefined) return extension.reload(config)
  if (config.auth === null) return
  throw new ConfigError([{ path: 'auth', problem: 'must be null as long as the broker runs, which was started without it', got: 'a section', source: null }])
}

function questionOf({ protocol, listener: _, peer, proxied, origin, action, topics, credential, headers }: AuthAskedEvent, listener: string): Question {
  return { protocol, listener, peer, proxied, origin, action, api: false, topics, credential, headers }
}

export class AuthExtension implements BrokerExtension {
  readonly #world: AuthWorld
  readonly #drainMs: number
  readonly #standings = new Standings()
  readonly #compiled = new WeakMap<Grants, NativeGrants>()
  readonly #refused = new Map<RefusalCode, number>()
  #settings: AuthSettings
  #authorizer: Authorizer
  /** Grows whenever something falls: what was decided before may stand on it. */
  #era = 0
  #waiting: Open[] = []
  #port: ExtensionPort | null = null
  readonly #clock: ClockWatch
  #clockTimer: NodeJS.Timeout | null = null
  #onAttached: (port: ExtensionPort) => void = () => {}

  private constructor(settings: AuthSettings, world: AuthWorld, drainMs: number) {
    this.#world = world
    this.#drainMs = drainMs
    this.#settings = settings
    this.#clock = new ClockWatch(world)
    this.#authorizer = this.#authorizerOf(settings)
  }

  /**
   * Null where the configuration has no `auth`: then nobody is asked.
   * @throws {ConfigError} a file of it that cannot be read, or is not what it must be.
   */
  static async create(config: BrokerConfig, worldOf = systemWorld): Promise<AuthExtension | null> {
    const { auth } = config
    if (auth === null) return null
    const early: string[] = [] // before there is anybody to be told
    let tell: (message: string) => void = (message) => early.push(message)
    const world = worldOf((message) => tell(message))
    try {
      const settings = await loadSettings({ ...config, auth }, world, null)
      const extension = new AuthExtension(settings as AuthSettings, world, config.timeouts.drainMs)
      extension.#onAttached = (port) => {
        tell = (message) => port.warn('auth', message)
        for (const message of early) tell(message)
      }
      return extension
    } catch (error) {
      world.http.close()
      throw error
    }
  }

  attach(port: ExtensionPort): this {
    this.#port = port
    extensions.set(port, this)
    this.#onAttached(port)
    port.engine.setAskedHeaders(this.#authorizer.headers)
    for (const code of Object.keys(refusals) as RefusalCode[]) {
      const help = `questions about who may do what that were refused: ${code}`
      port.count(`auth_refused_${code.replaceAll('-', '_')}`, help, () => this.#refused.get(code) ?? 0)
    }
    this.#clockTimer = setInterval(() => this.#watch(), clockLookMs).unref()
    return this
  }

  onEvent(): void {}

  onAsked(event: AuthAskedEvent): void {
    const place = { id: event.id, question: event.question }
    if (this.#waiting.push({ place, question: questionOf(event, sectionOf(event.protocol)), era: this.#era }) === 1) queueMicrotask(() => this.#decide())
  }

  /** For what is asked beside the engine: requests of the HTTP API. */
  ofRequests(): { decide(question: Question): Promise<Verdict>, headers(): readonly string[], isOver(peer: string): boolean } {
    return { decide: (question) => this.#decideRequest(question), headers: () => this.#authorizer.headers, isOver: (peer) => this.#authorizer.isOver(peer) }
  }

  async #decideRequest(question: Question): Promise<Verdict> {
    const era = this.#era
    const verdict = await this.#authorizer.decide(question)
    if (verdict.allow && era !== this.#era) return this.#decideRequest(question)
    if (!verdict.allow) this.#note(question, verdict)
    return verdict
  }

  /**
   * Goes on with another configuration: what is asked from now on is decided by it, and connections that stood on what it takes away end within
   * `timeouts.drainMs` of the configuration that the broker was started with.
   * @throws {ConfigError} what cannot be read, or `auth: null`, for which it is to be started anew; nothing has changed then.
   */
  async reload(config: BrokerConfig): Promise<void> {
    const before = this.#settings
    const after = await loadSettings(config, this.#world, before)
    if (after === null) throw new ConfigError([{ path: 'auth', problem: 'must not be taken away while the broker runs', got: 'null', source: null }])
    this.#settings = after
    this.#authorizer = this.#authorizerOf(after)
    this.#port?.engine.setAskedHeaders(this.#authorizer.headers)
    this.#end(hasFallen(before, after))
  }

  beginDrain(): void {}

  close(): Promise<void> {
    if (this.#clockTimer !== null) clearInterval(this.#clockTimer)
    this.#port = null
    this.#world.http.close()
    return Promise.resolve()
  }

  #authorizerOf(settings: AuthSettings): Authorizer {
    const authorizer = new Authorizer(settings, this.#world)
    authorizer.onFallen = (fallen) => {
      if (authorizer === this.#authorizer) this.#end(fallen)
    }
    return authorizer
  }

  #end(fallen: (standing: Standing) => boolean): void {
    this.#era++
    const numbers = this.#standings.takeFallen(fallen)
    if (numbers.length > 0) this.#port?.engine.revoke(numbers, this.#drainMs)
  }

  #watch(): void {
    const step = this.#clock.takeStep()
    if (step !== 0) this.#port?.engine.shiftEnds(step)
  }

  #decide(): void {
    const open = this.#waiting
    this.#waiting = []
    const asked: Asked<Open>[] = open.map((each) => ({ id: each, question: each.question }))
    this.#authorizer.decideAll(asked, (decided) => this.#deliver(decided))
  }

  /** What stands on something that has fallen meanwhile is put to those who decide now. */
  #deliver(decided: readonly Decided<Open>[]): void {
    if (this.#port === null) return // the broker has ended
    this.#watch() // ends are told by the wall clock of now: a step that is told later would move them once more
    const isStale = ({ id, verdict }: Decided<Open>) => verdict.allow && id.era !== this.#era
    for (const { id } of decided.filter(isStale)) {
      if (this.#waiting.push({ ...id, era: this.#era }) === 1) queueMicrotask(() => this.#decide())
    }
    const answers = decided.filter((each) => !isStale(each)).map(({ id, verdict }) => this.#answer(id, verdict))
    if (answers.length > 0) this.#port?.engine.answerQuestions(answers)
  }

  #answer({ place, question }: Open, verdict: Verdict): AuthAnswer {
    if (!verdict.allow) {
      this.#note(question, verdict)
      const { status, wwwAuthenticate: challenge, retryAfterSeconds, told } = verdict
      return { ...place, allow: false, status, challenge, retryAfterSeconds, told }
    }
    const { subject, expiresAt, subprotocol, standing } = verdict
    return {
      ...place, allow: true, grants: this.#compile(verdict.grants), subject, standing: this.#standings.numberOf(standing),
      endsInMs: expiresAt === null ? null : Math.max(0, Math.round(expiresAt - this.#world.wallMs())), answersBearer: subprotocol !== null,
    }
  }

  /** Whoever holds one credential has one object of grants: it is compiled once. */
  #compile(grants: Grants): NativeGrants {
    const known = this.#compiled.get(grants)
    if (known !== undefined) return known
    const { engine } = this.#port as ExtensionPort
    const made = engine.compileGrants(grants.publish, grants.subscribe)
    this.#compiled.set(grants, made)
    return made
  }

  #note({ peer, protocol, listener }: Question, { code, reason }: Verdict & { allow: false }): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1)
    this.#port?.warn('auth-refused', `refused ${printable(peer)} (${listener}, ${protocol}): ${code}: ${reason}`)
  }
}
