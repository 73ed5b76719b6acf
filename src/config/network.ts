/** Addresses and networks as text, such as those of trusted proxies. */

import { isIP } from 'node:net'

/** The 16-bit words of a valid IPv6 literal, `::` written out. */
function wordsOf(address: string): number[] {
  const words = (part: string) => part === '' ? [] : part.split(':').flatMap((word) => {
    if (!word.includes('.')) return [parseInt(word, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = word.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
  const [before = '', behind] = address.split('::', 2)
  if (behind === undefined) return words(before)
  const [front, back] = [words(before), words(behind)]
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back]
}

function bitsOf(address: string, family: number): string {
  const parts = family === 4 ? address.split('.').map(Number) : wordsOf(address)
  return parts.map((part) => part.toString(2).padStart(family === 4 ? 8 : 16, '0')).join('')
}

/** `192.0.2.7`, `::1`, `10.0.0.0/8`, `2001:db8::/32` or `unix`. No bit behind a prefix is set: who writes 10.1.2.3/8 means something else. */
export function isNetwork(text: string): boolean {
  if (text === 'unix') return true
  const [address = '', prefix, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || more.length > 0) return false
  if (prefix === undefined) return true
  const bits = bitsOf(address, family)
  const length = /^(0|[1-9]\d{0,2})$/.test(prefix) ? Number(prefix) : Infinity
  const isMapped = family === 6 && bits.startsWith('0'.repeat(80) + '1'.repeat(16))
  return length <= bits.length && !(isMapped && length < 96) && !bits.slice(length).includes('1')
}
