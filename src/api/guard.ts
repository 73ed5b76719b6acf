/**
 * Who may ask the API. Without a token it serves this machine only, and a page in this machine's browser is not its user. Such
 * requests are told by the Host header, when a name was made to point here (DNS rebinding), and by the Origin header.
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback } from '../endpoint.js'
import { parseHost } from '../http/host.js'
import { problem } from '../http/problem.js'
import type { Guard } from '../http/router.js'
import type { ApiOptions } from './api.js'

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Whether a header Authorization holds the token; null: there is none. In constant time: digests are equally long whatever was sent. */
export function tokenHolder(token: string | null): (authorization: string | undefined) => boolean {
  if (token === null) return () => false
  const expected = digest(token)
  return (authorization) => timingSafeEqual(digest(/^bearer +(.*)$/i.exec(authorization ?? '')?.[1] ?? ''), expected)
}

function tokenGuard(token: string): Guard {
  const holds = tokenHolder(token)
  const challenge = { 'www-authenticate': 'Bearer realm="broker"' }
  return (route, { authorization }) => {
    if (route.access === 'anyone') return null
    if (authorization === undefined) return problem(401, 'there must be a header Authorization: Bearer <token>', challenge)
    return holds(authorization) ? null : problem(401, 'this is not the token of the API', challenge)
  }
}

/** The host of an Origin header, empty for `null` and what is none. */
function originName(header: string): string {
  return parseHost(/^https?:\/\/([^/@]+)$/i.exec(header)?.[1] ?? '')?.host ?? ''
}

/** A name that DNS resolves is somebody's; an address or localhost cannot be made to point elsewhere. */
function localGuard(hosts: readonly string[]): Guard {
  const known = new Set(['localhost', ...hosts.map((host) => host.toLowerCase())])
  return (_route, { host: header, origin }) => {
    const host = header === undefined ? null : parseHost(header)
    const isForeign = host === null || (host.kind === 'name' && !known.has(host.host))
    if (header !== undefined && isForeign) { // without the header (HTTP/1.0) it is nobody's browser
      return problem(403, 'without api.token the Host header must be an address, localhost or one of api.hosts')
    }
    if (origin === undefined) return null
    const page = originName(origin)
    return known.has(page) || isLoopback(page) ? null : problem(403, 'without api.token pages of other sites may not ask')
  }
}

export function apiGuard({ token, hosts }: Pick<ApiOptions, 'token' | 'hosts'>): Guard {
  return token === null ? localGuard(hosts) : tokenGuard(token)
}
