/** What every listener has, and the plain WebSocket listeners. */

import { count, host, listOf, origin, section, toggle } from '../fields.js'
import { listenerWays } from './auth.js'
import { listenerTls } from './tls.js'

/** Addresses to listen on. Default: 127.0.0.1, and ::1 where the machine has it. */
export function hosts() {
  return listOf(host(), 'addresses').optional()
}

/** 0 picks a free port, the same one for all hosts. */
export function port(standard: number) {
  return count(0, 65_535).default(standard)
}

/** Whether connections from `trustedProxies` begin with a PROXY header, version 1 or 2; those without one are refused. */
export function proxyProtocol() {
  return toggle().default(false)
}

export function listener(defaultPort: number) {
  return section({
    hosts: hosts(),
    port: port(defaultPort),
    /** Origins of web pages that may connect (`https://example.com`, `*` for any). null: pages of this machine and of `hosts` only. */
    origins: listOf(origin(), 'origins').nullable().default(null),
    proxyProtocol: proxyProtocol(),
    auth: listenerWays(),
    tls: listenerTls(),
  })
}
