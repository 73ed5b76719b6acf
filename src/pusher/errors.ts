/** What a Pusher client is told when something is refused: codes as the protocol names them, words of our own. */

/** Content of `pusher:error`. A code of null is the protocol's for what has no code. */
export interface PusherError {
  readonly code: number | null
  readonly message: string
}

/** An error that ends the connection, with its code. */
export interface FatalError extends PusherError {
  readonly code: number
}

/** Codes 40xx: the client must not come back unchanged. */
export const fatal = {
  noApp: { code: 4001, message: 'There is no app with this key' },
  disabled: { code: 4003, message: 'The app is disabled' },
  overQuota: { code: 4004, message: 'The app is over its connection quota' },
  noPath: { code: 4005, message: 'Path not found' },
  badVersion: { code: 4006, message: 'The protocol version must be a whole number' },
  unsupportedVersion: { code: 4007, message: 'The protocol version is not supported' },
  badOrigin: { code: 4009, message: 'Connections from this origin are not allowed' },
  terminated: { code: 4009, message: 'The connection was ended by the app' },
} as const satisfies Record<string, FatalError>

/** Told as an event; the connection stays. A close with 43xx would keep a client away for good. */
export const events = {
  notJson: { code: null, message: 'The message must be a JSON object of at most 32 levels' },
  noEvent: { code: null, message: 'The message must have an event name' },
  noChannel: { code: null, message: 'The message must name a channel' },
  badSignin: { code: 4009, message: 'The sign-in is not authorized' },
  otherUser: { code: 4009, message: 'The connection is signed in as another user' },
  badUserData: { code: 4009, message: 'user_data must be a JSON object with an id, 1..128 characters or a whole number, and, if any, a watchlist of ids' },
  longWatchlist: { code: 4302, message: 'The watchlist is over its limit; only its first users are watched' },
} as const satisfies Record<string, PusherError>

/** Code 4301: a client event that nobody gets, and why. */
export const clientEvents = {
  notEnabled: 'Client event rejected - client events are not enabled for this app',
  badName: 'Client event rejected - client events must be prefixed by \'client-\'',
  longName: 'Client event rejected - the event name is over 200 characters',
  badChannel: 'Client event rejected - only supported on private and presence channels',
  encrypted: 'Client event rejected - not supported on encrypted channels',
  notSubscribed: 'Client event rejected - the connection is not subscribed to the channel',
  tooLarge: 'Client event rejected - the data is too large',
  overRate: 'Client event rejected - over the rate limit',
  overCapacity: 'Client event rejected - the broker is over capacity',
} as const

export const clientEventCode = 4301
