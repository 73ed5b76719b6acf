/**
 * What somebody without a credential may do: what the configuration says, to everybody; without a word there, everything from this
 * machine and nothing from any other. A page of another machine's that runs in a browser here is not from this machine, nor is what a proxy
 * hands on. A proxy on this machine that says nothing about its clients cannot be told from them: `anonymous` must be set behind one.
 */

import { isOwnMachine } from './address.js'
import { allGrants, noGrants, type Grants } from './grants.js'
import { isListed, isOwnPage } from './origins.js'
import type { Question } from './question.js'

/** Where a question comes from. */
export type Place = Pick<Question, 'peer' | 'proxied' | 'origin'>

function isLocal({ peer, proxied, origin }: Place, origins: readonly string[] | null): boolean {
  if (proxied || !isOwnMachine(peer)) return false
  return origin === null || isOwnPage(origin) || (origins !== null && isListed(origins, origin))
}

/** `written` null: the configuration says nothing; `origins`: of pages that it lists, or null. */
export function anonymousGrants(written: Grants | null, place: Place, origins: readonly string[] | null): Grants {
  if (written !== null) return written
  return isLocal(place, origins) ? allGrants : noGrants
}
