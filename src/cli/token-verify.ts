/** What a configuration grants to a token: as the broker decides, but for the webhook, which is not asked. */

import { permits, type Grants, type Use } from '../auth/grants.js'
import { isJwtShaped, JwtVerifier } from '../auth/jwt/verifier.js'
import { loadSettings } from '../auth/load-settings.js'
import { isPrincipal, nobody, type Looked } from '../auth/principal.js'
import type { AuthSettings } from '../auth/settings.js'
import { StaticTokens } from '../auth/static-tokens.js'
import { systemWorld, type AuthWorld } from '../auth/world.js'
import { loadConfig } from '../config/load.js'
import { CommandError, UsageError } from './exit.js'

export interface VerifyOptions {
  readonly config?: string
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
}

export interface VerifiedToken {
  readonly way: string
  readonly subject: string | null
  readonly expires: string | null
  readonly grants: Grants
}

async function look(token: string, { tokens, jwt }: AuthSettings, world: AuthWorld): Promise<Looked> {
  const found = new StaticTokens(tokens).find(token)
  if (found !== null) return found
  if (jwt === null || !isJwtShaped(token)) return nobody('unknown-token', 'the configuration does not list it, and it is no JWT that it could verify')
  return new JwtVerifier(jwt, world).verify(token)
}

function checkTopics(grants: Grants, use: Use, topics: readonly string[]): void {
  const topic = topics.find((each) => !permits(grants, use, each))
  if (topic === undefined) return
  throw new CommandError(`refused (topic): no pattern lets ${use} ${JSON.stringify(topic)}, got: ${grants[use].join(', ') || 'no patterns'}`)
}

/**
 * Who holds the token and what it grants.
 * @throws {CommandError} it is refused, with the reason that the broker's log would have.
 * @throws {UsageError} the configuration has no `auth`.
 */
export async function verifyToken(token: string, options: VerifyOptions, env: NodeJS.ProcessEnv): Promise<VerifiedToken> {
  const { config } = loadConfig({ file: options.config ?? null, env, flags: [] })
  const world = systemWorld((message) => process.stderr.write(`broker: ${message}\n`))
  try {
    const settings = await loadSettings(config, world, null)
    if (settings === null) throw new UsageError('the configuration must have a section auth (--config, BROKER_CONFIG or BROKER_AUTH_… variables), got: none')
    const looked = await look(token, settings, world)
    if (!isPrincipal(looked)) throw new CommandError(`refused (${looked.code}): ${looked.reason}`)
    const { way, subject, expiresAt, grants } = looked
    checkTopics(grants, 'publish', options.publish ?? [])
    checkTopics(grants, 'subscribe', options.subscribe ?? [])
    return { way, subject, expires: expiresAt === null ? null : new Date(expiresAt).toISOString(), grants }
  } finally {
    world.http.close()
  }
}
