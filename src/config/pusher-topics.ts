/** Topics that belong to Pusher apps: what is private there must not be open to clients of the other protocols. */

import type { PusherConfig } from './sections/pusher.js'

/** What the topics of one app begin with; the channel's name follows. */
export function topicPrefix(appId: string): string {
  return `pusher/${appId}/`
}

/** The prefixes of all apps that keep their topics to themselves. */
export function reservedTopics({ apps }: PusherConfig): string[] {
  return apps.filter(({ shared }) => !shared).map(({ id }) => topicPrefix(id))
}
