/** Rules between the keys of `auth`; one row each, as cross-checks.ts. */

import type { CrossIssue } from './cross-checks.js'
import type { BrokerConfig } from './schema.js'
import { isSecretAlgorithm, ways, type AuthConfig, type Way } from './sections/auth.js'

type Path = CrossIssue['path']
type Check = (auth: AuthConfig) => CrossIssue[]

/** Exactly one of some keys must be there. */
function oneOfKeys(path: Path, section: Readonly<Record<string, unknown>>, keys: readonly string[]): CrossIssue[] {
  const given = keys.filter((key) => section[key] !== undefined)
  return given.length === 1 ? [] : [{ path, problem: `must have exactly one of ${keys.join(', ')}`, value: given }]
}

const tokensHaveSecrets: Check = ({ tokens }) => {
  return tokens.flatMap((token, at) => oneOfKeys(['auth', 'tokens', at], token, ['secret', 'secretFile']))
}

const keysFitAlgorithms: Check = ({ jwt }) => (jwt?.keys ?? []).flatMap((key, at) => {
  const path = ['auth', 'jwt', 'keys', at]
  if (isSecretAlgorithm(key.alg)) {
    const { publicKeyFile } = key
    if (publicKeyFile !== undefined) return [{ path: [...path, 'publicKeyFile'], problem: `must be absent where alg is ${key.alg}`, value: publicKeyFile }]
    return oneOfKeys(path, key, ['secret', 'secretFile'])
  }
  const extra = (['secret', 'secretFile'] as const).find((each) => key[each] !== undefined)
  if (extra !== undefined) return [{ path, problem: `must have no ${extra} where alg is ${key.alg}`, value: extra }]
  return oneOfKeys(path, key, ['publicKeyFile'])
})

const jwtHasKeys: Check = ({ jwt }) => {
  if (jwt === null) return []
  const path = ['auth', 'jwt']
  if (jwt.jwksUrl !== undefined && jwt.jwksFile !== undefined) return [{ path, problem: 'must have at most one of jwksUrl, jwksFile', value: 'both' }]
  const hasKeys = jwt.keys.length > 0 || jwt.jwksUrl !== undefined || jwt.jwksFile !== undefined
  return hasKeys ? [] : [{ path, problem: 'must have keys, jwksUrl or jwksFile', value: 'none' }]
}

/** Who answers in its place would make the keys. */
const keySetIsSecure: Check = ({ jwt }) => {
  const url = jwt?.jwksUrl === undefined ? null : new URL(jwt.jwksUrl)
  if (url === null || url.protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) return []
  return [{ path: ['auth', 'jwt', 'jwksUrl'], problem: 'must be an https URL, but on this machine', value: url.href }]
}

function repeated(path: Path, key: string, names: readonly string[]): CrossIssue[] {
  return names.flatMap((name, at) => names.indexOf(name) === at ? [] : [{ path: [...path, at, key], problem: 'must be used once only', value: name }])
}

const namesDiffer: Check = ({ tokens, certificates }) => [
  ...repeated(['auth', 'tokens'], 'name', tokens.map(({ name }) => name)),
  ...repeated(['auth', 'certificates'], 'subject', certificates.map(({ subject }) => subject)),
]

/** Anybody is nobody: such a pattern would never count. */
const anybodyHasNoSubject: Check = ({ anonymous }) => (['publish', 'subscribe'] as const).flatMap((key) => (anonymous?.[key] ?? []).flatMap((pattern, at) => {
  return pattern.includes('{sub}') ? [{ path: ['auth', 'anonymous', key, at], problem: 'must be without {sub}', value: pattern }] : []
}))

const checks: readonly Check[] = [tokensHaveSecrets, keysFitAlgorithms, jwtHasKeys, keySetIsSecure, namesDiffer, anybodyHasNoSubject]

/** Ways that a configuration has; anybody may come in by the last. */
function configured({ tokens, jwt, certificates, webhook }: AuthConfig): readonly Way[] {
  const has: Readonly<Record<Way, boolean>> = {
    tokens: tokens.length > 0, jwt: jwt !== null, certificates: certificates.length > 0, webhook: webhook !== null, anonymous: true,
  }
  return ways.filter((way) => has[way])
}

/** Sections of listeners that may take fewer ways than all. */
export const narrowable = ['publish', 'subscribe', 'api', 'grpc'] as const

/** A listener that takes a way that is not there would let nobody in, or with no `auth` at all, everybody. */
function narrowedIssues(config: BrokerConfig): CrossIssue[] {
  return narrowable.flatMap((key): CrossIssue[] => {
    const taken = config[key]?.auth
    if (taken === undefined) return []
    if (config.auth === null) return [{ path: [key, 'auth'], problem: 'must be absent where auth is not configured', value: taken }]
    const there = configured(config.auth)
    const problem = `must be one of those that auth has (${there.join(', ')})`
    return taken.flatMap((way, at) => there.includes(way) ? [] : [{ path: [key, 'auth', at], problem, value: way }])
  })
}

/** Every contradiction in `auth` and in what listeners say of it. */
export function authIssues(config: BrokerConfig): CrossIssue[] {
  const { auth } = config
  return [...auth === null ? [] : checks.flatMap((check) => check(auth)), ...narrowedIssues(config)]
}
