/**
 * Secrets: where they come from, and how they stay out of what people read. A secret in the program is a Secret, whose text, JSON and
 * inspection all say `(hidden)`; only reveal() gives its bytes.
 */

import { readFileSync, statSync } from 'node:fs'
import { inspect } from 'node:util'

/** Instead of a secret, wherever something with one is shown. */
export const hidden = '(hidden)'

/** Keys of the configuration whose values are secrets, in whatever section. */
const secretKeys: ReadonlySet<PropertyKey> = new Set(['secret', 'token', 'passphrase', 'keyPem'])

/** Lists of sections with secrets: a text in the place of one is likely to be what should be hidden in it. */
const secretLists: ReadonlySet<PropertyKey> = new Set(['tokens', 'keys', 'apps'])

/** Bytes of a file with a secret or a key, at most. */
const fileBytesMax = 64 * 1024

export class Secret {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Only to be compared or signed with. */
  reveal(): Buffer {
    return this.#bytes
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }
}

/** The bytes without one line's end behind them: editors and `echo` put one there. */
function withoutLineEnd(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a) return bytes
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1)
}

/**
 * The bytes of a file that the configuration names.
 * @throws {Error} with one line that says what the file must be and what it is, and nothing of what it holds.
 */
export function readBoundedFile(file: string, bytesMax: number): Buffer {
  try {
    if (statSync(file).size > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`)
    return readFileSync(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(`must name a readable file of at most ${bytesMax} bytes, got: ${file} (${code ?? message})`, { cause: error })
  }
}

/**
 * The secret in a file: its bytes, without one line's end behind them.
 * @throws {Error} with one line that says what the file must be and what it is, and nothing of what it holds.
 */
export function readSecretFile(file: string): Secret {
  return new Secret(withoutLineEnd(readBoundedFile(file, fileBytesMax)))
}

/** The secret that is written where it is used: a value of a BROKER_… variable, or of a configuration file. */
export function writtenSecret(text: string): Secret {
  return new Secret(Buffer.from(text))
}

/** Whether what stands at this path of a configuration must not be shown: a secret, or a text where a section with one belongs. */
export function isSecretAt(path: readonly PropertyKey[], value: unknown): boolean {
  if (value === null || value === undefined) return false
  const [last = '', above = ''] = [path.at(-1), path.at(-2)]
  if (secretKeys.has(last)) return true
  return typeof value !== 'object' && (secretLists.has(last) || (typeof last === 'number' && secretLists.has(above)))
}

/** A text without what a URL holds beside its address, a user with a password or a query; other texts as they are. */
function withoutUrlSecrets(text: string): string {
  const [, scheme, user = '', address = '', query] = /^([a-z][a-z\d+.-]*:\/\/)([^/?#]*@)?([^?#]*)(\?[^]*)?/i.exec(text) ?? []
  if (scheme === undefined || (user === '' && query === undefined)) return text
  return `${scheme}${user === '' ? '' : `${hidden}@`}${address}${query === undefined ? '' : `?${hidden}`}`
}

/** For JSON.stringify: without what must not be shown. */
export function hideSecrets(key: string, value: unknown): unknown {
  if (secretKeys.has(key) && value !== null && value !== undefined) return hidden
  return typeof value === 'string' ? withoutUrlSecrets(value) : value
}

/** Whether a configuration holds a secret itself, rather than the names of files with them. */
export function holdsSecret(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsSecret)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, item]) => (secretKeys.has(key) && typeof item === 'string') || holdsSecret(item))
}

/** What to warn of when a configuration file holds a secret and everybody on the machine may read it; null: nothing. */
export function readableSecretWarning(file: string, document: unknown): string | null {
  if (!holdsSecret(document)) return null
  const mode = readableByAll(file)
  return mode === null ? null : `${file} holds a secret and everybody may read it (mode ${mode}): chmod o-r, or put the secret into a file of its own`
}

/** The mode of a file that everybody on the machine may read, such as `0644`; null: not everybody may. @throws as statSync. */
export function readableByAll(file: string): string | null {
  const mode = statSync(file).mode & 0o777
  return (mode & 0o004) === 0 ? null : mode.toString(8).padStart(4, '0')
}

/** A URL as it may be shown: without a user, a password or a query. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`
}
