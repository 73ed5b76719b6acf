/** What the HTTP API tells of channels and users, and the one thing it does to a user. */

import type { HttpResponse } from '../../http/contract.js'
import type { AppCommands, ChannelInfo } from '../contract.js'
import { Refusal, emptyAnswer, got, jsonAnswer } from './answer.js'
import { attributesByChannel, attributesOf, parseInfo, type Attributes } from './info.js'
import { checkChannel, checkUserId, traitsOf } from './names.js'
import type { Query } from './query.js'

type Listed = 'user_count' | 'subscription_count'

function listed({ name, subscriptionCount, userCount }: ChannelInfo, wanted: readonly Listed[]): readonly [string, Attributes] {
  const attributes: Attributes = {}
  if (wanted.includes('user_count')) attributes.user_count = userCount ?? 0
  if (wanted.includes('subscription_count')) attributes.subscription_count = subscriptionCount
  return [name, attributes]
}

/** GET /channels: those that are occupied. */
export function answerChannels(app: AppCommands, query: Query): HttpResponse {
  const prefix = query.value('filter_by_prefix') ?? ''
  const wanted = parseInfo(query.value('info'), ['user_count', 'subscription_count'])
  if (wanted.includes('user_count') && !prefix.startsWith('presence-')) {
    throw new Refusal(400, `filter_by_prefix must begin with presence- when info has user_count, got: ${got(prefix)}`)
  }
  const entries: (readonly [string, Attributes])[] = []
  for (const channel of app.channels(prefix)) entries.push(listed(channel, wanted))
  return jsonAnswer({ channels: attributesByChannel(entries) })
}

/** GET /channels/{channel} */
export function answerChannel(app: AppCommands, name: unknown, query: Query): HttpResponse {
  const channel = checkChannel(name)
  const { access, cache } = traitsOf(channel)
  const wanted = parseInfo(query.value('info'), ['user_count', 'subscription_count', 'cache'])
  if (wanted.includes('user_count') && access !== 'presence') {
    throw new Refusal(400, `a channel must begin with presence- when info has user_count, got: ${got(channel)}`)
  }
  if (wanted.includes('cache') && !cache) {
    throw new Refusal(400, `a channel must be a cache channel when info has cache, got: ${got(channel)}`)
  }
  return jsonAnswer({ occupied: app.channel(channel) !== null, ...attributesOf(app, channel, wanted) })
}

/** GET /channels/{channel}/users */
export function answerUsers(app: AppCommands, name: unknown): HttpResponse {
  const channel = checkChannel(name)
  if (traitsOf(channel).access !== 'presence') {
    throw new Refusal(400, `a channel must begin with presence- to have users, got: ${got(channel)}`)
  }
  return jsonAnswer({ users: app.users(channel).map((id) => ({ id })) })
}

/** POST /users/{user}/terminate_connections: true for a user who is nowhere, too. */
export function answerTermination(app: AppCommands, user: unknown): HttpResponse {
  app.terminateUser(checkUserId(user))
  return emptyAnswer
}
