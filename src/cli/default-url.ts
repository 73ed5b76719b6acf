/** Where `pub` and `sub` connect when they are not told: this machine, on the port that `broker start` would have in this environment. */

import { environmentEntries } from '../config/sources.js'
import { ConfigError } from '../errors.js'

const rows = {
  publish: { variable: 'BROKER_PUBLISH_PORT', port: 8001 },
  subscribe: { variable: 'BROKER_SUBSCRIBE_PORT', port: 8002 },
} as const

export type UrlRole = keyof typeof rows

/** @throws {ConfigError} a variable that is no port anybody can connect to. */
export function defaultUrl(role: UrlRole, scheme: 'ws' | 'wss' = 'ws', env: Readonly<Record<string, string | undefined>> = process.env): string {
  const { variable, port: usual } = rows[role]
  // Not of Kubernetes, which makes variables of that name for a service.
  const [entry] = environmentEntries({ [variable]: env[variable] })
  const text = entry === undefined ? String(usual) : String(entry.value)
  const port = /^\d+$/.test(text) ? Number(text) : NaN
  if (port >= 1 && port <= 65_535) return `${scheme}://localhost:${port}`
  throw new ConfigError([{ path: `${role}.port`, problem: 'must be 1..65535 to be connected to (see --url)', got: text, source: variable }])
}
