/** Ids of users are texts on the wire; servers that keep numbers write numbers, also such as JSON.parse would round to another user's. */

import { isUserId } from './channel-name.js'

/** A whole number in decimal digits, with a fraction of zeros or none: some languages write 10.0 for ten. */
const wholeNumber = /^(0|-?[1-9]\d*)(?:\.0+)?$/

/** The id that a JSON value stands for, by its text; null when it stands for none. Numbers count by their digits, however many. */
export function userIdOf(json: string | undefined): string | null {
  if (json === undefined) return null
  const id = json.startsWith('"') ? JSON.parse(json) as string : wholeNumber.exec(json)?.[1] ?? ''
  return isUserId(id) ? id : null
}
