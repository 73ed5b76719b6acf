/** Which `tls` sections are in use, each once, and which listener has which. */

import { tlsListeners, tlsOf, type TlsListener } from '../config/tls-checks.js'
import type { BrokerConfig } from '../config/schema.js'
import { ConfigError } from '../errors.js'
import { loadTls } from './load-tls.js'
import type { TlsSource } from './tls-keeper.js'

export interface TlsPlan {
  /** In the order of EngineOptions.tls. */
  readonly sources: readonly TlsSource[]
  /** Index in it; null: the listener is plain, or off. */
  indexOf(listener: TlsListener): number | null
}

/** Every listener is plain. */
export const noTls: TlsPlan = { sources: [], indexOf: () => null }

function isOn(config: BrokerConfig, listener: TlsListener): boolean {
  return listener === 'pusher' ? config.pusher.apps.length > 0 : config[listener] !== null
}

/**
 * Reads all files of sections that a listener uses.
 * @throws {ConfigError} what is wrong with them, all of it.
 */
export function planTls(config: BrokerConfig): TlsPlan {
  const places = tlsListeners.flatMap((listener) => {
    const place = isOn(config, listener) ? tlsOf(config, listener) : null
    return place === null ? [] : [{ listener, path: place.path.join('.'), tls: place.tls }]
  })
  const sections = new Map(places.map(({ path, tls }) => [path, tls]))
  const issues: ConfigError[] = []
  const sources = [...sections].flatMap(([path, tls]) => {
    try {
      return [{ path, config: tls, loaded: loadTls(path, tls) }]
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      issues.push(error)
      return []
    }
  })
  if (issues.length > 0) throw new ConfigError(issues.flatMap((each) => each.issues))
  const paths = [...sections.keys()]
  const indices = new Map(places.map(({ listener, path }) => [listener, paths.indexOf(path)]))
  return { sources, indexOf: (listener) => indices.get(listener) ?? null }
}

/** What is there may be replaced while the broker runs; which listener has which may not. @throws {ConfigError} */
export function assertSamePlan(present: TlsPlan, next: TlsPlan): void {
  const changed = tlsListeners.filter((listener) => present.indexOf(listener) !== next.indexOf(listener))
  if (changed.length === 0) return
  throw new ConfigError(changed.map((listener) => {
    const has = present.indexOf(listener) === null ? 'null' : present.sources[present.indexOf(listener) ?? 0]?.path ?? ''
    return { path: `${listener}.tls`, problem: `must stay what it is until the broker is started again (${has})`, got: 'another section', source: null }
  }))
}
