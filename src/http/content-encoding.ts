/** Bodies that were compressed on their way (Content-Encoding, RFC 9110 §8.4): what is published is what was meant. */

import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { HttpResponse } from './contract.js'
import { problem } from './problem.js'

type Decode = (body: Uint8Array, options: { maxOutputLength: number }) => Buffer

/** Each ends as soon as it has more than it may. Not later, on another thread: requests that were sent ahead are published in their order. */
const decoders: Readonly<Record<string, Decode>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
}

const accepted = 'gzip, deflate, br'
const gotMax = 100

/**
 * The content of a body, at most `bytesMax`, or the answer that refuses it: 415 for another coding, or several, 413 for more bytes, 400
 * for what is not of that coding.
 */
export function decodeContent(body: Buffer, coding: string | undefined, bytesMax: number): Buffer | HttpResponse {
  const name = (coding ?? 'identity').trim().toLowerCase()
  if (name === 'identity' || name === '') return body
  const decode = Object.hasOwn(decoders, name) ? decoders[name] : undefined
  if (decode === undefined) {
    return problem(415, `the content encoding must be one of ${accepted} or none, got: ${name.slice(0, gotMax)}`, { 'accept-encoding': accepted })
  }
  try {
    return decode(body, { maxOutputLength: bytesMax })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') return problem(413, `the body must be at most ${bytesMax} bytes, decoded`)
    return problem(400, `the body must be ${name}, as its content-encoding says, got: ${code ?? 'something else'}`)
  }
}
