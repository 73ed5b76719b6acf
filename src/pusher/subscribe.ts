/** `pusher:subscribe` and `pusher:unsubscribe`: who may enter a channel, and within which limits. */

import { isAuthorized, subscriptionText } from './auth.js'
import { memberWith, parseChannelData } from './channel-data.js'
import { channelNameMax, channelTraits, userChannelPrefix, type ChannelTraits } from './channel-name.js'
import { userGreeting, type Admission } from './channels.js'
import { events } from './errors.js'
import type { JsonObject } from './json.js'
import { subscriptionError, type SubscriptionRefusal } from './messages.js'
import type { PusherSession } from './session.js'

const unauthorized: SubscriptionRefusal = { type: 'AuthError', error: 'The connection is unauthorized.', status: 401 }
const full: SubscriptionRefusal = { type: 'LimitReached', error: 'The broker is over capacity', status: 4100 }

function nameRefusal(channel: string): SubscriptionRefusal {
  return channel.length > channelNameMax && !channel.startsWith(userChannelPrefix)
    ? { type: 'LimitReached', error: `A channel name must be at most ${channelNameMax} characters`, status: 4009 }
    : { type: 'InvalidChannel', error: 'A channel name must consist of letters, digits and _-=@,.;', status: 4009 }
}

/** Who is signed in need not say once more who it is; then `channel_data` is not part of what is signed. */
function admitPresence({ app, socketId, user }: PusherSession, channel: string, traits: ChannelTraits, data: JsonObject): Admission | SubscriptionRefusal {
  const { auth, channel_data: given = null } = data
  const { presenceInfoBytesMax } = app.config.limits
  const knownAs = given === null ? user : null
  const text = typeof given === 'string' ? given : ''
  if (!isAuthorized(app.config, auth, subscriptionText(socketId, channel, knownAs === null ? text : null))) return unauthorized
  const member = knownAs === null ? parseChannelData(text, presenceInfoBytesMax) : memberWith(knownAs.id, knownAs.info, presenceInfoBytesMax)
  return 'userId' in member ? { channel, traits, member } : member
}

/** Whether the connection has the right; limits are not looked at. */
function admit(session: PusherSession, channel: string, data: JsonObject): Admission | SubscriptionRefusal {
  const traits = channelTraits(channel)
  if (traits === null) return nameRefusal(channel)
  const open: Admission = { channel, traits, member: null }
  switch (traits.access) {
    case 'public': return open
    case 'user': return session.user?.id === channel.slice(userChannelPrefix.length) ? open : unauthorized
    case 'private':
      return isAuthorized(session.app.config, data['auth'], subscriptionText(session.socketId, channel, null)) ? open : unauthorized
    case 'presence': return admitPresence(session, channel, traits, data)
  }
}

function limitRefusal({ subscriptions, app }: PusherSession, { channel, member }: Admission): SubscriptionRefusal | null {
  const { channelsPerConnectionMax, presenceMembersMax } = app.config.limits
  if (subscriptions.size >= channelsPerConnectionMax) {
    return { type: 'LimitReached', error: `A connection may subscribe to at most ${channelsPerConnectionMax} channels`, status: 4004 }
  }
  const members = member === null ? null : app.channelList.get(channel)?.members ?? null
  if (member === null || members === null || members.count < presenceMembersMax || members.has(member.userId)) return null
  return { type: 'LimitReached', error: `A presence channel may have at most ${presenceMembersMax} members`, status: 4004 }
}

/** Makes the subscription, or answers one that is there again; null when that was done. */
function enter(session: PusherSession, admission: Admission): SubscriptionRefusal | null {
  const { id, app, subscriptions } = session
  const { channel, traits, member } = admission
  const present = subscriptions.get(channel)
  try {
    if (traits.access === 'user') {
      app.calls.joinTopic(id, app.namespace + channel, { greeting: userGreeting(channel), publishes: false, userId: null })
    } else if (present !== undefined) {
      app.channelList.greetAgain(id, admission, present)
    } else {
      app.channelList.enter(id, admission)
    }
  } catch (error) {
    app.warn('pusher-subscription-refused', error instanceof Error ? error.message : String(error))
    return full
  }
  if (present === undefined) subscriptions.set(channel, member?.userId ?? null)
  return null
}

export function subscribe(session: PusherSession, data: JsonObject): void {
  const { channel } = data
  if (typeof channel !== 'string') return session.refuse(events.noChannel)
  const admission = admit(session, channel, data)
  if ('error' in admission) return session.send(subscriptionError(channel, admission))
  const present = session.subscriptions.has(channel)
  const refusal = (present ? null : limitRefusal(session, admission)) ?? enter(session, admission)
  if (refusal !== null) session.send(subscriptionError(channel, refusal))
}

export function unsubscribe(session: PusherSession, data: JsonObject): void {
  const { channel } = data
  if (typeof channel !== 'string') return session.refuse(events.noChannel)
  const userId = session.subscriptions.get(channel)
  if (userId === undefined) return
  session.subscriptions.delete(channel)
  session.app.calls.leaveTopic(session.id, session.app.namespace + channel)
  session.app.channelList.leave(channel, userId)
}
