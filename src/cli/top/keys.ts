/** What keys change: how topics are sorted, which are shown, and whether it goes on. */

import { orders, type Order } from './screen.js'

export interface Choice {
  readonly order: Order
  readonly filter: string
  /** Whether a filter is being typed. */
  readonly typing: boolean
  readonly ended: boolean
}

const end = new Set(['q', '\u0003', '\u0004']) // Ctrl-C and Ctrl-D are bytes like any other in raw mode
const filterMax = 200

function whileTyping(choice: Choice, key: string): Choice {
  if (key === '\r' || key === '\n') return { ...choice, typing: false }
  if (key === '\u001b') return { ...choice, typing: false, filter: '' }
  if (key === '\u007f' || key === '\b') return { ...choice, filter: choice.filter.slice(0, -1) }
  if (key === '\u0003') return { ...choice, ended: true }
  return key >= ' ' ? { ...choice, filter: `${choice.filter}${key}`.slice(0, filterMax) } : choice
}

export function press(choice: Choice, key: string): Choice {
  if (choice.typing) return whileTyping(choice, key)
  if (end.has(key)) return { ...choice, ended: true }
  if (key === '/') return { ...choice, typing: true, filter: '' }
  return Object.hasOwn(orders, key) ? { ...choice, order: key as Order } : choice
}
