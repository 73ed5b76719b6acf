/** `pusher:signin`: a connection becomes one of a user's, and may watch other users. */

import { isAuthorized, signinText } from './auth.js'
import { userInfoOf } from './channel-data.js'
import { userIdMax } from './channel-name.js'
import { events } from './errors.js'
import { parseJsonObject, type JsonObject } from './json.js'
import { elementTexts, memberTexts } from './json-slices.js'
import { signinSuccess } from './messages.js'
import type { PusherSession } from './session.js'
import { userIdOf } from './user-id.js'

/** As whom a connection is signed in. */
export interface SignedIn {
  readonly id: string
  /** What others are told of the user on presence channels: JSON as it was signed; null when it is over presenceInfoBytesMax. */
  readonly info: string | null
  readonly watchlist: readonly string[]
}

/** Null when it is no list of ids. None, and `null`, as some servers write for none, is an empty one. */
function watchlistOf(json: string | undefined): string[] | null {
  if (json === undefined || json === 'null') return []
  const ids = json.startsWith('[') ? elementTexts(json).map(userIdOf) : [null]
  return ids.every((id) => id !== null) ? [...new Set(ids)] : null
}

/** The whole watchlist; null when there is something wrong. An id is limited in bytes too: it is part of a topic's name. */
function parseUserData(text: string, infoBytesMax: number): SignedIn | null {
  if (parseJsonObject(text) === null) return null
  const texts = memberTexts(text)
  const [id, watchlist] = [userIdOf(texts.get('id')), watchlistOf(texts.get('watchlist'))]
  if (id === null || Buffer.byteLength(id) > userIdMax || watchlist === null) return null
  return { id, info: userInfoOf(texts.get('user_info'), infoBytesMax), watchlist }
}

function watch(session: PusherSession, { watchlist, ...user }: SignedIn): void {
  const { app } = session
  const kept = watchlist.slice(0, app.config.limits.watchlistMax)
  session.user = { ...user, watchlist: kept }
  if (kept.length < watchlist.length) session.refuse(events.longWatchlist)
  app.watchlists.watch(session, kept, (userId) => app.signedIn.isOnline(userId))
}

/** A second sign-in of the same user replaces its watchlist. */
export function signin(session: PusherSession, { auth, user_data: given }: JsonObject): void {
  const { app, user } = session
  const userData = typeof given === 'string' ? given : ''
  if (!isAuthorized(app.config, auth, signinText(session.socketId, userData))) return session.refuse(events.badSignin)
  const next = parseUserData(userData, app.config.limits.presenceInfoBytesMax)
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
