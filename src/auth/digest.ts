/**
 * What stands for a credential in maps and caches, instead of the credential. Digests are keyed with a secret of this process: nobody can
 * choose one, or tell from how long a look-up takes how near a guess was.
 */

import { createHash, createHmac, randomBytes } from 'node:crypto'

const processKey = randomBytes(32)

/** The keyed digest of texts and bytes, each told apart from its neighbours. The same for the life of the process. */
export function keyedDigest(...parts: readonly (string | Uint8Array)[]): string {
  const hmac = createHmac('sha256', processKey)
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    hmac.update(`${bytes.length}:`).update(bytes)
  }
  return hmac.digest('base64url')
}

/** SHA-256: texts of any length become equally long, to be compared in constant time. */
export function plainDigest(text: string | Uint8Array): Buffer {
  return createHash('sha256').update(text).digest()
}
