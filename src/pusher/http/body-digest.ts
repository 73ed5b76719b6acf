/** The digest of bodies, `body_md5`. A system whose cryptography keeps to FIPS 140 has no MD5: then no request with a body can be checked. */

import { Refusal } from './answer.js'
import { md5With } from './digest.js'

/** In hexadecimal. @throws {Refusal} 501, where the system has no MD5. */
export type BodyDigest = (body: Uint8Array) => string

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown, message?: unknown }
  return String(code ?? message ?? error)
}

/** `warn` is told once that there is none, whoever asks is told each time. */
export function bodyDigest(warn: (message: string) => void, md5 = md5With()): BodyDigest {
  let told = false
  return (body) => {
    try {
      return md5(body)
    } catch (error) {
      const problem = `body_md5 must be checked with MD5, which this system refuses (FIPS?), got: ${reasonOf(error)}`
      if (!told) warn(`requests with a body are answered 501: ${problem}`)
      told = true
      throw new Refusal(501, problem)
    }
  }
}
