/** From the configuration to settings: reads the files that it names, makes the keys, and says which of them are not what they must be. */

import { narrowable } from '../config/auth-checks.js'
import { Issues } from '../config/issues.js'
import type { BrokerConfig } from '../config/schema.js'
import { readSecretFile, Secret, shownUrl, writtenSecret } from '../config/secrets.js'
import { apiRights, isSecretAlgorithm, tokenForm, tokenLengths, tokenMessage, type AuthConfig, type Way } from '../config/sections/auth.js'
import { grantsFor, type Grants } from './grants.js'
import { Jwks, jwksFile, jwksUrl } from './jwt/key-set.js'
import { publicKey, secretKey, type VerifyingKey } from './jwt/keys.js'
import type { AuthSettings } from './settings.js'
import { staticToken, type StaticToken } from './static-tokens.js'
import type { AuthWorld } from './world.js'

type JwtConfig = NonNullable<AuthConfig['jwt']>

interface WithSecret {
  readonly secret?: string | undefined
  readonly secretFile?: string | undefined
}

/** Of a section that has one of both. */
function secretOf({ secret, secretFile }: WithSecret): Secret {
  return secret === undefined ? readSecretFile(secretFile ?? '') : writtenSecret(secret)
}

function pathOf(base: string, { secretFile }: WithSecret): string {
  return `${base}.${secretFile === undefined ? 'secret' : 'secretFile'}`
}

/** @throws {Error} what cannot be sent as a token. */
function tokenSecret(section: WithSecret): Secret {
  const secret = secretOf(section)
  const text = secret.reveal().toString('latin1')
  const fits = tokenForm.test(text) && text.length >= tokenLengths.min && text.length <= tokenLengths.max
  if (!fits) throw new Error(`${section.secretFile === undefined ? '' : 'must name a file whose only line '}${tokenMessage}, got: ${text.length} bytes`)
  return secret
}

function grantsOf({ publish, subscribe, api }: AuthConfig['certificates'][number], subject: string): Grants {
  return grantsFor({ publish, subscribe, api: api ? apiRights : [] }, subject)
}

function loadTokens({ tokens }: AuthConfig, issues: Issues): StaticToken[] {
  const loaded: StaticToken[] = []
  for (const [at, token] of tokens.entries()) {
    const path = pathOf(`auth.tokens[${at}]`, token)
    const secret = issues.try(path, () => tokenSecret(token))
    if (secret === null) continue
    const made = staticToken(token.name, secret, grantsOf({ ...token, subject: token.name }, token.name))
    const twin = loaded.find(({ digest }) => digest.equals(made.digest))
    if (twin !== undefined) issues.add(path, new Error(`must differ from the secret of ${JSON.stringify(twin.name)}, got: the same`))
    loaded.push(made)
  }
  return loaded
}

async function loadKey(key: JwtConfig['keys'][number]): Promise<VerifyingKey> {
  const { alg, kid = null, publicKeyFile = '' } = key
  if (isSecretAlgorithm(alg)) return secretKey(alg, secretOf(key), kid)
  return publicKey(alg, readSecretFile(publicKeyFile).reveal().toString(), kid)
}

async function loadKeys({ keys }: JwtConfig, issues: Issues): Promise<VerifyingKey[]> {
  const loaded = await Promise.all(keys.map(async (key, at) => {
    const path = isSecretAlgorithm(key.alg) ? pathOf(`auth.jwt.keys[${at}]`, key) : `auth.jwt.keys[${at}].publicKeyFile`
    return loadKey(key).catch((error: unknown) => issues.add(path, error))
  }))
  return loaded.filter((key) => key !== null)
}

/** A URL that was there before keeps what was read from it: it may be down now. It is read in the background. */
function keySetAt(text: string, world: AuthWorld, previous: AuthSettings | null): Jwks {
  const kept = previous?.jwt?.jwksName === text ? previous.jwt.jwks : null
  const url = new URL(text)
  const set = kept ?? new Jwks(jwksUrl(url, world), shownUrl(url), world)
  void set.refresh()
  return set
}

/** A file must be there at the start. */
async function keySetIn(file: string, world: AuthWorld, issues: Issues): Promise<Jwks> {
  let problem = ''
  const set = new Jwks(jwksFile(file), file, { ...world, warn: (message) => (set.isRead ? world.warn(message) : problem = message) })
  if (!await set.refresh()) issues.add('auth.jwt.jwksFile', new Error(`must name a file with a key set, got: ${problem}`))
  return set
}

async function loadJwt(config: JwtConfig, world: AuthWorld, previous: AuthSettings | null, issues: Issues): Promise<NonNullable<AuthSettings['jwt']>> {
  const { jwksUrl: url = null, jwksFile: file = null, issuer, audience, clockToleranceMs, requireExpiry } = config
  const keys = await loadKeys(config, issues)
  const jwks = url !== null ? keySetAt(url, world, previous) : file !== null ? await keySetIn(file, world, issues) : null
  return { keys, jwks, jwksName: url ?? file, issuers: issuer, audiences: audience, clockToleranceMs, requireExpiry }
}

function narrowedBy(config: BrokerConfig): Map<string, readonly Way[]> {
  return new Map(narrowable.flatMap((key) => {
    const taken = config[key]?.auth
    return taken === undefined ? [] : [[key, taken] as const]
  }))
}

/**
 * Settings for a configuration; null where it has no `auth`. `previous`: those of before a reload, whose key set is kept where it is the same.
 * @throws {ConfigError} a file that cannot be read or is not what it must be; nothing has been started then but the reading of a key set.
 */
export async function loadSettings(config: BrokerConfig, world: AuthWorld, previous: AuthSettings | null): Promise<AuthSettings | null> {
  const { auth } = config
  if (auth === null) return null
  const { jwt, webhook, certificates, anonymous, origins } = auth
  const issues = new Issues()
  const settings: AuthSettings = {
    tokens: loadTokens(auth, issues),
    jwt: jwt === null ? null : await loadJwt(jwt, world, previous, issues),
    certificates: certificates.map((rule) => ({ subject: rule.subject, grants: grantsOf(rule, rule.subject) })),
    webhook: webhook === null ? null : { ...webhook, url: new URL(webhook.url) },
    anonymous: anonymous === null ? null : grantsFor(anonymous, null),
    origins,
    narrowed: narrowedBy(config),
  }
  issues.throwIfAny()
  return settings
}
