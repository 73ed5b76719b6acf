/**
 * JWTs that were verified, by their digests: however many come with one token, it is verified once, and again only when it has ended or its
 * key is gone.
 */

import { CredentialCache } from '../load/credential-cache.js'
import { keyedDigest } from '../digest.js'
import { Lookups } from '../load/lookups.js'
import { isPrincipal, type Looked, type Principal } from '../principal.js'
import type { AuthWorld } from '../world.js'

/** Verified tokens that are remembered, at most. */
const rememberedMax = 10_000
/** Node has four threads for signatures; each token takes the main thread 0.1 ms beside them. */
const bounds = { atOnceMax: 8, waitingMax: 16_384, waitMsMax: 10_000 }

export class VerifiedTokens {
  readonly #verify: (token: string) => Promise<Looked>
  readonly #wallMs: () => number
  readonly #remembered = new CredentialCache<Principal>(rememberedMax)
  readonly #lookups: Lookups
  /** Of each verification that is under way: the keys that have gone since it began. */
  readonly #goneMeanwhile = new Set<Set<string>>()

  constructor(verify: (token: string) => Promise<Looked>, { wallMs, monotonicMs }: Pick<AuthWorld, 'wallMs' | 'monotonicMs'>) {
    this.#verify = verify
    this.#wallMs = wallMs
    this.#lookups = new Lookups(bounds, monotonicMs)
  }

  /** Who holds the token; `isOver` as for Lookups. */
  look(token: string, isOver: () => boolean): Looked | Promise<Looked> {
    const digest = keyedDigest(token)
    return this.#remembered.get(digest) ?? this.#lookups.look(digest, isOver, async () => {
      const looked = await this.#verified(token)
      if (isPrincipal(looked)) this.#remember(digest, looked)
      return looked
    })
  }

  /** Forgets tokens signed by keys that are gone. */
  forget(keys: ReadonlySet<string>): void {
    this.#remembered.drop(({ name }) => keys.has(name))
    for (const gone of this.#goneMeanwhile) for (const key of keys) gone.add(key)
  }

  /** Never by a key that has gone while its signature was looked at: it would be remembered behind `forget`. */
  async #verified(token: string): Promise<Looked> {
    for (;;) {
      const gone = new Set<string>()
      this.#goneMeanwhile.add(gone)
      const looked = await this.#verify(token).finally(() => this.#goneMeanwhile.delete(gone))
      if (!isPrincipal(looked) || !gone.has(looked.name)) return looked
    }
  }

  #remember(digest: string, principal: Principal): void {
    const { expiresAt } = principal
    this.#remembered.set(digest, principal, () => expiresAt === null || this.#wallMs() < expiresAt)
  }
}
