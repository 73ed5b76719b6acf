/** One certificate with its chain and its key, out of files, held to what TLS needs of them. Nothing here is cryptography of our own. */

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readableByAll, readBoundedFile, readSecretFile, writtenSecret } from '../config/secrets.js'
import type { CertificateConfig } from '../config/sections/tls.js'
import type { Issues } from '../config/issues.js'

/** Bytes of a PEM file, at most: all roots of a system are a quarter of that. */
const pemBytesMax = 1024 * 1024
const rsaBitsMin = 2048
const keyTypes: readonly (string | undefined)[] = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448']

const certificates = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g
const privateKey = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^]+?-----END ([A-Z]+ )?PRIVATE KEY-----/

export interface Certificate {
  /** PEM, the server's own first. */
  readonly chain: string
  /** PEM (PKCS#8), not encrypted any more: for the engine alone. */
  readonly key: string
  /** From when until when all of the chain is valid, in milliseconds since 1970. */
  readonly startsAt: number
  readonly expiresAt: number
  /** Whether it may be shown to who asks for a host. */
  isFor(host: string): boolean
}

/** Where `certificate` is in the configuration, and where to tell what is wrong with it. */
export interface CertificatePlace {
  readonly path: string
  readonly issues: Issues
  readonly warn: (message: string) => void
}

/** All certificates of a PEM file, in its order. @throws {Error} what is none, in one line. */
export function readCertificates(file: string): readonly X509Certificate[] {
  const blocks = readBoundedFile(file, pemBytesMax).toString('latin1').match(certificates) ?? []
  if (blocks.length === 0) throw new Error(`must name a PEM file with a certificate, got: ${file} (no certificate in it)`)
  return blocks.map((block, at) => {
    try {
      return new X509Certificate(block)
    } catch (error) {
      throw new Error(`must name a PEM file with certificates, got: ${file} (number ${at + 1} cannot be read)`, { cause: error })
    }
  })
}

function passphraseOf({ passphrase, passphraseFile }: CertificateConfig): Buffer | undefined {
  const secret = passphraseFile === undefined ? passphrase === undefined ? null : writtenSecret(passphrase) : readSecretFile(passphraseFile)
  return secret?.reveal()
}

/** Why a key does not do; null: it does. */
function weakness({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | null {
  if (!keyTypes.includes(type)) return `a key of the kind ${type}`
  const bits = details?.modulusLength ?? rsaBitsMin
  return bits < rsaBitsMin ? `an RSA key of ${bits} bits` : null
}

/** Nothing of a key is told, whatever is wrong with it. @throws {Error} in one line. */
function readKey(config: CertificateConfig, passphrase: Buffer | undefined): KeyObject {
  const { keyFile, keyPem } = config
  const name = keyFile ?? '(hidden)'
  const verb = keyFile === undefined ? 'be' : 'name'
  const must = (what: string, why: string, cause?: unknown) => new Error(`must ${verb} ${what}, got: ${name} (${why})`, { cause })
  const [pem] = privateKey.exec(keyPem ?? readBoundedFile(name, pemBytesMax).toString('latin1')) ?? []
  if (pem === undefined) throw must('PEM with a private key', 'no private key in it')
  const isEncrypted = /ENCRYPTED PRIVATE KEY|^Proc-Type: .*ENCRYPTED/m.test(pem)
  if (isEncrypted && passphrase === undefined) throw must('a key that is not encrypted, or have a passphraseFile beside it', 'it is encrypted')
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, ...passphrase === undefined ? {} : { passphrase } })
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException
    throw must(`a private key${passphrase === undefined ? '' : ' and its passphrase'}`, code, error)
  }
  const weak = weakness(key)
  if (weak !== null) throw must(`an RSA key of at least ${rsaBitsMin} bits, an EC or an Ed25519 key`, weak)
  return key
}

/** What clients may stumble over, and what nobody should be able to read. */
function warnings(config: CertificateConfig, chain: readonly X509Certificate[]): string[] {
  const { certFile, keyFile } = config
  const broken = chain.findIndex((each, at) => at > 0 && chain[at - 1]?.checkIssued(each) === false)
  const mode = keyFile === undefined ? null : readableByAll(keyFile)
  return [
    ...broken === -1 ? [] : [`${certFile}: certificate ${broken + 1} is not the issuer of the one before it, so clients may not find the way to its root`],
    ...mode === null ? [] : [`everybody may read the key ${keyFile} (mode ${mode}): chmod o-r`],
  ]
}

/** The certificate that a section names; null where there are issues instead. */
export function readCertificate(config: CertificateConfig, { path, issues, warn }: CertificatePlace): Certificate | null {
  const chain = issues.try(`${path}.certFile`, () => readCertificates(config.certFile))
  const keyPath = `${path}.${config.keyPem === undefined ? 'keyFile' : 'keyPem'}`
  const passphrase = issues.try(`${path}.passphraseFile`, () => ({ bytes: passphraseOf(config) }))
  const key = passphrase === null ? null : issues.try(keyPath, () => readKey(config, passphrase.bytes))
  const [own] = chain ?? []
  if (chain === null || own === undefined || key === null) return null
  if (!own.checkPrivateKey(key)) {
    return issues.add(keyPath, new Error(`must be the key of ${config.certFile}, got: ${config.keyFile ?? '(hidden)'} (of another certificate)`))
  }
  for (const warning of warnings(config, chain)) warn(warning)
  return {
    chain: chain.map(String).join(''),
    key: String(key.export({ type: 'pkcs8', format: 'pem' })),
    startsAt: Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom))),
    expiresAt: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
    isFor: (host) => own.checkHost(host.replace('*', 'any')) !== undefined,
  }
}
