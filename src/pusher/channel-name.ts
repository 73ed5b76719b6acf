/** What the name of a channel says: who may subscribe to it, what it remembers, who may publish to it. */

export interface ChannelTraits {
  /** `user`: `#server-to-user-{id}`, for connections that are signed in as this user. */
  readonly access: 'public' | 'private' | 'presence' | 'user'
  /** Events are encrypted end to end: clients cannot publish. */
  readonly encrypted: boolean
  /** Keeps its last event for later subscribers. */
  readonly cache: boolean
}

export const channelNameMax = 164
export const userChannelPrefix = '#server-to-user-'
/** Characters of a user's id. */
export const userIdMax = 128

const shape = /^[A-Za-z0-9_\-=@,.;]+$/
/** Control characters and halves of surrogate pairs: no UTF-8 and no log line takes them. */
const unfit = /[\p{Cc}\p{Cs}]/u

/** Longest prefixes first. */
const rows: readonly (readonly [prefix: string, traits: ChannelTraits])[] = [
  ['private-encrypted-cache-', { access: 'private', encrypted: true, cache: true }],
  ['private-encrypted-', { access: 'private', encrypted: true, cache: false }],
  ['private-cache-', { access: 'private', encrypted: false, cache: true }],
  ['private-', { access: 'private', encrypted: false, cache: false }],
  ['presence-cache-', { access: 'presence', encrypted: false, cache: true }],
  ['presence-', { access: 'presence', encrypted: false, cache: false }],
  ['cache-', { access: 'public', encrypted: false, cache: true }],
  ['', { access: 'public', encrypted: false, cache: false }],
]
const user: ChannelTraits = { access: 'user', encrypted: false, cache: false }

/** Whether a text can be a user's id: 1..128 characters, none of them a control character. */
export function isUserId(text: string): boolean {
  return text.length >= 1 && text.length <= userIdMax && !unfit.test(text)
}

/** Null when no channel can have this name. */
export function channelTraits(name: string): ChannelTraits | null {
  if (name.startsWith(userChannelPrefix)) return isUserId(name.slice(userChannelPrefix.length)) ? user : null
  if (name.length > channelNameMax || !shape.test(name)) return null
  return rows.find(([prefix]) => name.startsWith(prefix))?.[1] ?? null
}
