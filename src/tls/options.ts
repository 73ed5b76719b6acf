/** What the engine is told of one `tls` section: PEM in memory, read and checked. */

/** A chain and its key; texts of at most 1 MiB. */
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
