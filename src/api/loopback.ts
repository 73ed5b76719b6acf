/** Addresses that only this machine reaches. */

import { BlockList, isIP, isIPv6 } from 'node:net'

const loopbacks = new BlockList()
loopbacks.addSubnet('127.0.0.0', 8, 'ipv4')
loopbacks.addAddress('::1', 'ipv6')

/** False for what is no address. */
export function isLoopback(address: string): boolean {
  return isIP(address) !== 0 && loopbacks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
