/** Addresses: how people read them, and which only this machine reaches. */

import { BlockList, isIP, isIPv6 } from 'node:net'
import { getSystemErrorMap } from 'node:util'

const loopbacks = new BlockList()
loopbacks.addSubnet('127.0.0.0', 8, 'ipv4')
loopbacks.addAddress('::1', 'ipv6')

/** Whether only this machine reaches an address; false for what is no address. */
export function isLoopback(address: string): boolean {
  return isIP(address) !== 0 && loopbacks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** Whether an address of the engine is a Unix socket, `unix:/path`. */
export function isUnixAddress(address: string): boolean {
  return address.startsWith('unix:')
}

/** `127.0.0.1:8001`, `[::1]:8001` or `unix:/path`. */
export function formatEndpoint(address: string, port: number): string {
  if (isUnixAddress(address)) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** The address of what `formatEndpoint` makes, or as it is where it has no port. */
export function withoutPort(text: string): string {
  return isIP(text) !== 0 ? text : text.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([^:]*):\d+$/, '$1')
}

/** `address already in use (EADDRINUSE)`: the system's words for an error name, or the bare name when it is none. */
export function describeSystemError(code: string): string {
  for (const [name, message] of getSystemErrorMap().values()) {
    if (name === code) return `${message} (${code})`
  }
  return code
}
