/** `pusher:signin`: a connection becomes one of a user's, and may watch other users. */

import { isAuthorized, signinText } from './pusher-auth.js'
import { isUserId, userIdMax } from './pusher-channel-name.js'
import { events } from './pusher-errors.js'
import { parseJsonObject, type JsonObject } from './pusher-json.js'
import { signinSuccess } from './pusher-messages.js'
import type { PusherSession } from './pusher-session.js'

/** As whom a connection is signed in. */
export interface SignedIn {
  readonly id: string
  readonly watchlist: readonly string[]
}

function isWatchlist(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((id) => typeof id === 'string' && isUserId(id))
}

/** The whole watchlist; null when there is something wrong. An id is limited in bytes too: it is part of a topic's name. */
function parseUserData(text: string): SignedIn | null {
  const { id, watchlist = [] } = parseJsonObject(text) ?? {}
  if (typeof id !== 'string' || !isUserId(id) || Buffer.byteLength(id) > userIdMax || !isWatchlist(watchlist)) return null
  return { id, watchlist: [...new Set(watchlist)] }
}

function watch(session: PusherSession, { id, watchlist }: SignedIn): void {
  const { app } = session
  const kept = watchlist.slice(0, app.config.limits.watchlistMax)
  session.user = { id, watchlist: kept }
  if (kept.length < watchlist.length) session.refuse(events.longWatchlist)
  app.watchlists.watch(session, kept, (userId) => app.signedIn.isOnline(userId))
}

/** A second sign-in of the same user replaces its watchlist. */
export function signin(session: PusherSession, { auth, user_data: given }: JsonObject): void {
  const { app, user } = session
  const userData = typeof given === 'string' ? given : ''
  if (!isAuthorized(app.config, auth, signinText(session.socketId, userData))) return session.refuse(events.badSignin)
  const next = parseUserData(userData)
  if (next === null) return session.refuse(events.badUserData)
  if (user !== null && user.id !== next.id) return session.refuse(events.otherUser)
  if (user !== null) app.watchlists.unwatch(session, user.watchlist)
  session.send(signinSuccess(userData))
  if (app.signedIn.add(next.id, session)) app.watchlists.changed(next.id, 'online')
  watch(session, next)
}

/** The connection ends. */
export function signOut(session: PusherSession): void {
  const { app, user } = session
  if (user === null) return
  session.user = null
  app.watchlists.unwatch(session, user.watchlist)
  if (app.signedIn.remove(user.id, session)) app.watchlists.changed(user.id, 'offline')
}
