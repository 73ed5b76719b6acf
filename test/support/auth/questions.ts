/** Questions and settings that tests change as they need. */

import type { CredentialParts } from '../../../src/auth/credential.js'
import type { Question } from '../../../src/auth/question.js'
import { noGrants } from '../../../src/auth/grants.js'
import type { AuthSettings } from '../../../src/auth/settings.js'

const noCredential: CredentialParts = { authorization: null, subprotocols: null, query: '', metadata: null, certificate: null }

/** A subscriber of prices/eur from another machine, with a token or without one. */
export function question(token: string | null, change: Partial<Question> = {}): Question {
  return {
    protocol: 'websocket-subscribe', listener: 'subscribe', peer: '192.0.2.1', proxied: false, origin: null, action: 'subscribe', api: false, topics: ['prices/eur'],
    credential: { ...noCredential, authorization: token === null ? null : `Bearer ${token}` }, headers: {}, ...change,
  }
}

/** The same with other parts to carry a credential. */
export function questionWith(parts: Partial<CredentialParts>, change: Partial<Question> = {}): Question {
  return question(null, { credential: { ...noCredential, ...parts }, ...change })
}

/** Nobody may do anything, but for what is changed. */
export function settings(change: Partial<AuthSettings> = {}): AuthSettings {
  return { tokens: [], jwt: null, certificates: [], webhook: null, anonymous: noGrants, origins: null, narrowed: new Map(), ...change }
}
