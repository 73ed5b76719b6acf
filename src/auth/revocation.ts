/** Which connections fall with a change of the configuration: a pure function of what they stand on, before and after. */

import { ways, type Way } from '../config/sections/auth.js'
import { allGrants, isWithin, noGrants, type Grants } from './grants.js'
import type { AuthSettings } from './settings.js'
import type { Standing } from './verdict.js'

/** The same token, key or rule in both settings, or nothing. */
type Stands = (name: string, before: AuthSettings, after: AuthSettings) => boolean

function keeps(before: Grants | undefined, after: Grants | undefined): boolean {
  return before !== undefined && after !== undefined && isWithin(before, after)
}

function sameTexts(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Another secret under the same name is another token. */
const tokenStands: Stands = (name, before, after) => {
  const [was, is] = [before, after].map(({ tokens }) => tokens.find((token) => token.name === name))
  return was !== undefined && is !== undefined && was.digest.equals(is.digest) && keeps(was.grants, is.grants)
}

/** Its grants and its end are in the token: they stand as long as the token would be accepted again. */
const jwtStands: Stands = (name, { jwt: was }, { jwt: is }) => {
  if (was === null || is === null) return false
  if (!sameTexts(was.issuers, is.issuers) || !sameTexts(was.audiences, is.audiences) || (is.requireExpiry && !was.requireExpiry)) return false
  if (is.keys.some(({ id }) => id === name)) return true
  return was.jwksName === is.jwksName && (is.jwks?.has(name) ?? false)
}

const certificateStands: Stands = (name, before, after) => {
  const [was, is] = [before, after].map(({ certificates }) => certificates.find(({ subject }) => subject === name)?.grants)
  return keeps(was, is)
}

/** Without a word about anybody, whoever was allowed is of this machine and may do everything: as long as nothing is said. */
const anonymousStands: Stands = (_name, { anonymous: was }, { anonymous: is }) => {
  return (was === null && is === null) || keeps(was ?? allGrants, is ?? noGrants)
}

/** Who came without a credential may beside its answer what anybody might. */
const webhookStands: Stands = (name, before, after) => {
  return before.webhook !== null && before.webhook.url.href === after.webhook?.url.href && anonymousStands(name, before, after)
}

const stands: Readonly<Record<Way, Stands>> = {
  tokens: tokenStands, jwt: jwtStands, certificates: certificateStands, webhook: webhookStands, anonymous: anonymousStands,
}

/**
 * Makes the test of what no longer stands after a change from `before` to `after`: a token, key, rule or grant that is gone or another one, or
 * a way that the listener takes no more. Grants that were added change nothing for who is there.
 */
export function hasFallen(before: AuthSettings, after: AuthSettings): (standing: Standing) => boolean {
  return ({ way, name, listener }) => !(after.narrowed.get(listener) ?? ways).includes(way) || !stands[way](name, before, after)
}
