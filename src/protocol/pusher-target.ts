/** What a connection asks for: `/app/{key}?protocol=…&client=…&version=…`, and whether it may come at all. */

import { fatal, type FatalError } from './pusher-errors.js'

/** Versions of the protocol that are spoken. They differ in nothing that is sent: data is JSON in a string since 5. */
const protocolMin = 5
const protocolMax = 7

const path = /^\/app\/([^/]+)$/
const wholeNumber = /^\d{1,9}$/

function protocolError(protocol: string | null): FatalError | null {
  if (protocol === null || protocol === '') return fatal.noVersion
  if (!wholeNumber.test(protocol)) return fatal.badVersion
  const version = Number(protocol)
  return version >= protocolMin && version <= protocolMax ? null : fatal.unsupportedVersion
}

/** The app's key, or why there is none. The client's name and version are its own affair: nothing depends on them. */
export function parseTarget(target: string): { readonly key: string } | FatalError {
  const mark = target.indexOf('?')
  const place = mark === -1 ? target : target.slice(0, mark)
  const key = path.exec(place)?.[1]
  if (key === undefined) return fatal.noPath
  return protocolError(new URLSearchParams(target.slice(place.length)).get('protocol')) ?? { key }
}

/**
 * Browsers always say where a page came from, and only they can be made to connect by a foreign page: a client without an
 * origin is not one. `null` is the origin of anything sandboxed, so it is never allowed.
 */
export function isOriginAllowed(origins: readonly string[] | null, origin: string | null): boolean {
  return origins === null || origin === null || (origin !== 'null' && origins.includes(origin))
}
