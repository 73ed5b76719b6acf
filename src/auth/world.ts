/** What authorisation has of the world: time, other servers, a log. */

import { NodeHttpAsker, type HttpAsker } from './http-asker.js'

/** Replaced in tests. */
export interface AuthWorld {
  /** The wall clock, in milliseconds since 1970: what tokens are dated by. */
  readonly wallMs: () => number
  /** Milliseconds that never go back: what everything else is timed by. */
  readonly monotonicMs: () => number
  readonly http: HttpAsker
  /** Gets lines for the log: what an operator should know, never a secret. */
  readonly warn: (message: string) => void
}

/** The real one, whose connections its user closes (http.close). */
export function systemWorld(warn: (message: string) => void): AuthWorld {
  return { wallMs: Date.now, monotonicMs: () => performance.now(), http: new NodeHttpAsker(), warn }
}
