/** What crosses between TypeScript and the addon for TLS; part of the contract in binding.ts, with the same rules. */

import type { EngineOptions } from './binding.js'

/** What may be shown of an engine's options: no keys. */
export type ShownOptions = Omit<EngineOptions, 'tls'>

/** A chain and its key; PEM, texts of at most 1 MiB. */
export interface TlsCertificate {
  /** Names by which clients pick it (SNI): exact, or with one leading `*.`, in small letters. None of the first one, the default. */
  readonly serverNames: readonly string[]
  readonly chain: string
  readonly key: string
  readonly passphrase: string | null
}

export interface TlsOptions {
  /** 1..1000; the first is for whoever asks for no other by name. */
  readonly certificates: readonly TlsCertificate[]
  /** PEM; null only where clientCert is none. */
  readonly clientCa: string | null
  readonly clientCert: 'none' | 'request' | 'require'
  readonly minVersion: '1.2' | '1.3'
}

/** The certificate of a client that TLS has verified, as far as it is a name. */
export interface ClientCertificate {
  /** Of its subject; null: it has none. */
  readonly commonName: string | null
  /** Of its subject alternative names. */
  readonly uris: readonly string[]
  /** When it ends, in milliseconds since 1970. */
  readonly expiresAt: number
}

/** The code of every error of the engine that is about TLS. */
export const tlsErrorCode = 'ERR_TLS'

/** What such an error says beside its message, which is one line. */
export interface TlsErrorDetails {
  readonly code: typeof tlsErrorCode
  /** library: this node executable lacks OpenSSL's functions. */
  readonly part: 'library' | 'chain' | 'key' | 'clientCa'
  /** Index in TlsOptions.certificates; -1 for library and clientCa. */
  readonly certificate: number
  /** Of createEngine: index in EngineOptions.tls. */
  readonly tls?: number
}

export interface TlsCalls {
  /**
   * Connections that come from now on get these; those that are there keep theirs, and tickets go on to work. `index` is one of EngineOptions.tls.
   * Throws an Error with TlsErrorDetails; then nothing has changed.
   */
  setTls(index: number, options: TlsOptions): void
}
