/** What the engine says of certificates, in the words of the configuration. */

import { ConfigError, StartError } from '../errors.js'
import { tlsErrorCode, type TlsErrorDetails } from '../native/tls.js'
import type { TlsSource } from './tls-keeper.js'

/** The key that a part of a section stands in. */
function keyOf({ config }: TlsSource, { part, certificate }: TlsErrorDetails): readonly [key: string, file: string] {
  if (part === 'clientCa') return ['clientCaFile', config.clientCaFile ?? '']
  const named = certificate > 0 ? config.names[certificate - 1] ?? config : config
  const prefix = named === config ? '' : `names[${certificate - 1}].`
  if (part === 'chain') return [`${prefix}certFile`, named.certFile]
  return named.keyFile === undefined ? [`${prefix}keyPem`, '(hidden)'] : [`${prefix}keyFile`, named.keyFile]
}

/** A StartError or ConfigError for an error of the engine that is about TLS; any other as it is. `sources`: as in EngineOptions.tls. */
export function explainTlsError(error: unknown, sources: readonly TlsSource[]): unknown {
  const details = error as Partial<TlsErrorDetails>
  if (!(error instanceof Error) || details.code !== tlsErrorCode) return error
  const source = sources[details.tls ?? 0]
  if (details.part === 'library' || source === undefined) return new StartError(error.message, { cause: error })
  const [key, file] = keyOf(source, details as TlsErrorDetails)
  return new ConfigError([{ path: `${source.path}.${key}`, problem: `must be what TLS can use (${error.message})`, got: file, source: null }])
}
