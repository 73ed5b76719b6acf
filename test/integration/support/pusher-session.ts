/** Sessions of the Pusher protocol without a client library: what is sent and received is in the test's hands. */

import { scheme } from '../../support/over-tls.js'
import { connect } from './ws-client.js'
import type { ClientOptions } from 'ws'

interface Test {
  teardown(task: () => unknown): void
}

export interface Message {
  readonly event: string
  readonly channel?: string
  readonly user_id?: string
  /** As on the wire: most are JSON in a text. */
  readonly data?: unknown
}

export interface Session extends Awaited<ReturnType<typeof connect>> {
  /** Everything so far. */
  messages(): Message[]
  /** Sends one message. */
  say(event: string, data: unknown, channel?: string): Promise<void>
  /** The `nth` message of this event, counted from the first. */
  nth(event: string, nth?: number): Promise<Message>
}

export const clientTarget = (key: string) => `/app/${key}?protocol=7&client=js&version=8.6.0&flash=false`

/** Connects to any target, and looks at nothing. */
export async function openSession(t: Test, port: number, target: string, options: ClientOptions = {}): Promise<Session> {
  const client = await connect(t, `${scheme('ws')}://127.0.0.1:${port}${target}`, options)
  const messages = () => client.texts().map((text) => JSON.parse(text) as Message)
  return {
    ...client, messages,
    say: (event, data, channel) => client.send(JSON.stringify({ event, data, channel })),
    async nth(event, nth = 1) {
      for (let count = client.received.length;; count += 1) {
        const found = messages().filter((message) => message.event === event)[nth - 1]
        if (found !== undefined) return found
        await client.has(count + 1)
      }
    },
  }
}

/** Connects as a client of an app; resolves when it has been greeted. */
export async function joinApp(t: Test, { port, key }: { readonly port: number, readonly key: string }): Promise<Session & { readonly socketId: string }> {
  const session = await openSession(t, port, clientTarget(key))
  const { data } = await session.nth('pusher:connection_established')
  const { socket_id: socketId } = JSON.parse(String(data)) as { socket_id: string }
  return { ...session, socketId }
}
