/** Pages that browsers connect for. A page's address is what its browser says; other clients may say what they like. */

import { isOwnMachine } from './address.js'

/** Whether an Origin header (`https://shop.example`) is in a list of origins in small letters; `*` in it means any, even `null`. */
export function isListed(origins: readonly string[], origin: string): boolean {
  return origins.includes('*') || origins.includes(origin.toLowerCase())
}

/** Whether an Origin header names a page of this machine: one by a loopback address, or by localhost, which no DNS can point elsewhere. */
export function isOwnPage(origin: string): boolean {
  const host = /^https?:\/\/(?:\[([\da-f:.]+)\]|([^/:@?#\s[\]]+))(?::\d{1,5})?$/i.exec(origin)
  if (host === null) return false
  const name = host[1] ?? host[2] ?? ''
  return name.toLowerCase() === 'localhost' || isOwnMachine(name)
}
