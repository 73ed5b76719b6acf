/**
 * A set of keys that somebody else keeps (RFC 7517): a file, or a URL. It is read at the start, again when a token names a key that is not
 * among them, and in the background when it is old; what was read last is kept while it cannot be read. However many tokens come, it is
 * read at most once a minute.
 */

import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { JWK } from 'jose'
import type { JwtAlgorithm } from '../../config/sections/auth.js'
import { jwkKey, type VerifyingKey } from './keys.js'
import type { AuthWorld } from '../world.js'

/** Between two readings, at least. */
export const refreshMsMin = 60_000
/** The same until it was read for the first time: nobody can get in meanwhile. */
export const firstRefreshMsMin = 5000
/** Age at which it is read in the background: a key that was taken out must not count for ever. */
export const ageMsMax = 600_000

/** How long one reading may take. */
const readMs = 5000
const bytesMax = 256 * 1024
const keysMax = 100
/** Keys that a token without a `kid` is tried with, at most. */
const guessesMax = 4

/** Reads the document. @throws {Error} with one line that says why not. */
export type JwksSource = () => Promise<string>

export function jwksFile(path: string): JwksSource {
  return () => readFile(path, 'utf8')
}

export function jwksUrl(url: URL, { http }: Pick<AuthWorld, 'http'>): JwksSource {
  return async () => {
    const { status, body } = await http.ask(url, { method: 'GET', headers: { accept: 'application/json' }, body: null, timeoutMs: readMs, bytesMax })
    if (status !== 200) throw new Error(`status ${status}`)
    return body.toString()
  }
}

/** What else a key has does not matter here, and one key of an unknown kind does not spoil the others. */
const documentSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(keysMax) })

/** @throws {Error} what is no set of keys, or has none that verifies signatures. */
async function keysIn(text: string): Promise<VerifyingKey[]> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new Error('it is no JSON')
  }
  const parsed = documentSchema.safeParse(document)
  if (!parsed.success) throw new Error(`it is no set of at most ${keysMax} keys`)
  const keys = await Promise.all(parsed.data.keys.map((key) => jwkKey(key as JWK)))
  const usable = keys.filter((key) => key !== null)
  if (usable.length === 0) throw new Error('none of its keys verifies signatures')
  return usable
}

export class Jwks {
  readonly #source: JwksSource
  /** Named in the log. */
  readonly #name: string
  readonly #world: Pick<AuthWorld, 'monotonicMs' | 'warn'>
  /** Null until it was read. */
  #keys: readonly VerifyingKey[] | null = null
  #readAt = -Infinity
  #triedAt = -Infinity
  #reading: Promise<boolean> | null = null
  /** Told of keys that are no longer in it, by their ids. */
  onGone: (ids: ReadonlySet<string>) => void = () => {}

  constructor(source: JwksSource, name: string, world: Pick<AuthWorld, 'monotonicMs' | 'warn'>) {
    this.#source = source
    this.#name = name
    this.#world = world
  }

  /** Whether it has ever been read. */
  get isRead(): boolean {
    return this.#keys !== null
  }

  /** Whether a key has this id. */
  has(id: string): boolean {
    return this.#keys?.some((key) => key.id === id) ?? false
  }

  /** Keys to try a token with: those that it names, or if it names none (kid null), a few that it may mean. */
  find(alg: JwtAlgorithm, kid: string | null): readonly VerifyingKey[] {
    if (this.#keys !== null && this.#world.monotonicMs() - this.#readAt >= ageMsMax) void this.refresh()
    const candidates = (this.#keys ?? []).filter((key) => key.alg === alg)
    return kid === null ? candidates.slice(0, guessesMax) : candidates.filter((key) => key.kid === kid)
  }

  /** Whether a key of this name is there, for whatever algorithm. */
  knows(kid: string): boolean {
    return this.#keys?.some((key) => key.kid === kid) ?? false
  }

  /** Reads it again, unless that was tried too recently. Answers whether it was read; never rejects. */
  refresh(): Promise<boolean> {
    if (this.#reading !== null) return this.#reading
    const now = this.#world.monotonicMs()
    if (now - this.#triedAt < (this.isRead ? refreshMsMin : firstRefreshMsMin)) return Promise.resolve(false)
    this.#triedAt = now
    this.#reading = this.#read().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #read(): Promise<boolean> {
    try {
      this.#replace(await keysIn(await this.#source()))
      return true
    } catch (error) {
      const consequence = this.isRead ? 'the keys read before are kept' : 'tokens signed by its keys are refused until it can be'
      this.#world.warn(`the key set ${this.#name} cannot be read (${(error as Error).message}): ${consequence}`)
      return false
    }
  }

  #replace(keys: readonly VerifyingKey[]): void {
    const gone = (this.#keys ?? []).map(({ id }) => id).filter((id) => !keys.some((key) => key.id === id))
    this.#keys = keys
    this.#readAt = this.#world.monotonicMs()
    if (gone.length > 0) this.onGone(new Set(gone))
  }
}
