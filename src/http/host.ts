/** The Host header (RFC 9110 §7.2, RFC 3986 §3.2.2), as native/codec/http1/http_host.cc reads it: one rule for every port. */

import { isIPv4, isIPv6 } from 'node:net'

export interface Host {
  readonly kind: 'name' | 'ipv4' | 'ipv6'
  /** In small letters, without the brackets of an IPv6 address. */
  readonly host: string
}

const nameBytesMax = 253
const name = /^[a-z0-9._-]+$/
/** RFC 3986 §3.2.3: a port may be empty. */
const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/
const portMax = 65_535

/** A host and a port or none; null for what is neither a name of letters, digits, `-`, `.` and `_` nor an address. */
export function parseHost(header: string): Host | null {
  const [, literal, other = '', port = ''] = parts.exec(header) ?? []
  if (Number(port) > portMax) return null
  if (literal !== undefined) return isIPv6(literal) && !literal.includes('%') ? { kind: 'ipv6', host: literal.toLowerCase() } : null
  const host = other.toLowerCase()
  if (host.length > nameBytesMax || !name.test(host)) return null
  return { kind: isIPv4(host) ? 'ipv4' : 'name', host }
}
