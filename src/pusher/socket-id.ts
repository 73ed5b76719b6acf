/** Socket ids: who holds one may be excluded from events and is named in signatures, so nobody may guess another's. */

import { randomInt } from 'node:crypto'

/** randomInt's largest range. */
const partMax = 2 ** 48 - 1

/** `\d+\.\d+` with 96 random bits, not one of those that are taken. */
export function createSocketId(isTaken: (id: string) => boolean): string {
  for (;;) {
    const id = `${randomInt(partMax)}.${randomInt(partMax)}`
    if (!isTaken(id)) return id
  }
}
