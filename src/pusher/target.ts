/** What a connection asks for: `/app/{key}?protocol=…&client=…&version=…`, and whether it may come at all. */

import { fatal, type FatalError } from './errors.js'
import { meantPath } from './path.js'

/** Versions of the protocol that are spoken. They differ in nothing that is sent: data is JSON in a string since 5. */
const protocolMin = 5
const protocolMax = 7

const path = /^\/app\/([^/]+)$/
const wholeNumber = /^\d{1,9}$/

/** Clients written by hand leave it out; no server that people test them against minds. They speak the newest. */
function protocolError(protocol: string | null): FatalError | null {
  if (protocol === null || protocol === '') return null
  if (!wholeNumber.test(protocol)) return fatal.badVersion
  const version = Number(protocol)
  return version >= protocolMin && version <= protocolMax ? null : fatal.unsupportedVersion
}

/** The app's key, or why there is none. The client's name and version are its own affair: nothing depends on them. `prefix`: pusher.path. */
export function parseTarget(target: string, prefix: string): { readonly key: string } | FatalError {
  const mark = target.indexOf('?')
  const place = mark === -1 ? target : target.slice(0, mark)
  const key = path.exec(meantPath(place, prefix))?.[1]
  if (key === undefined) return fatal.noPath
  return protocolError(new URLSearchParams(target.slice(place.length)).get('protocol')) ?? { key }
}

const anySubdomain = '://*.'
const subdomain = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/

/** `https://*.example.com` means every name below example.com, but not example.com. */
function matches(pattern: string, origin: string): boolean {
  const at = pattern.indexOf(anySubdomain)
  if (at === -1) return pattern === '*' || pattern === origin
  const [scheme, domain] = [pattern.slice(0, at + '://'.length), pattern.slice(at + '://*'.length)]
  if (!origin.startsWith(scheme) || !origin.endsWith(domain)) return false
  return subdomain.test(origin.slice(scheme.length, -domain.length))
}

/**
 * Browsers always say where a page came from, and only they can be made to connect by a foreign page: a client without an
 * origin is not one. `null` is the origin of anything sandboxed, so no list but `*` allows it. `origins` in small letters.
 */
export function isOriginAllowed(origins: readonly string[] | null, origin: string | null): boolean {
  if (origins === null || origin === null) return true
  return origins.some((pattern) => matches(pattern, origin) && (pattern === '*' || origin !== 'null'))
}
