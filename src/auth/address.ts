/** Addresses of clients: whose machine they are of, and who counts as one. */

import { isIPv4, isIPv6 } from 'node:net'
import { isLoopback } from '../endpoint.js'

/** What Unix sockets have for an address. */
export const unixPeer = 'unix'

/** Whether a client is on this machine; false for what is no address. */
export function isOwnMachine(address: string): boolean {
  return address === unixPeer || isLoopback(address)
}

const mappedPrefix = /^::ffff:(?=\d+\.)/i
const group64 = 4

/** The eight groups of an IPv6 address, in hexadecimal. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  return [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last]
}

/** What counts as one client: an IPv4 address, or the /64 that an IPv6 address is of, as one client commonly has all of it. */
export function clientGroup(address: string): string {
  const bare = address.replace(/%.*$/, '')
  if (!isIPv6(bare)) return bare
  const mapped = bare.replace(mappedPrefix, '')
  return isIPv4(mapped) ? mapped : `${groupsOf(bare).slice(0, group64).join(':')}::/64`
}
