/** Authorisation as it is configured, with every file read and every key made. Immutable: a reload makes new ones. */

import type { Way } from '../config/sections/auth.js'
import type { CertificateRule } from './certificates.js'
import type { Grants } from './grants.js'
import type { JwtSettings } from './jwt/verifier.js'
import type { StaticToken } from './static-tokens.js'
import type { WebhookSettings } from './webhook/webhook.js'

export interface AuthSettings {
  readonly tokens: readonly StaticToken[]
  /** Null: no JWT is accepted. */
  readonly jwt: JwtSettings & { readonly jwksName: string | null } | null
  readonly certificates: readonly CertificateRule[]
  readonly webhook: WebhookSettings | null
  /** Null: the configuration says nothing (anonymous.ts). */
  readonly anonymous: Grants | null
  /** Origins of pages that may connect, in small letters; null: any that brings a token. */
  readonly origins: readonly string[] | null
  /** Ways of listeners that take fewer than all, by their sections. */
  readonly narrowed: ReadonlyMap<string, readonly Way[]>
}
