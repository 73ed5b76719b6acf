/** The endpoint of an app's webhooks: keeps what comes, checked by the SDK, and answers as it is told. */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type Sdk from 'pusher'
import { eventually } from './eventually.js'

interface Test {
  teardown(task: () => unknown): void
}

export interface WebhookSite {
  readonly url: string
  /** Events of all posts that were answered with 200, oldest first. */
  readonly events: readonly Readonly<Record<string, unknown>>[]
  /** Status, validity and number of events of every post. */
  readonly posts: readonly { readonly status: number, readonly valid: boolean, readonly body: string }[]
  /** Resolves when at least `count` events of this name have come. */
  named(name: string, count?: number): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** `statusOf` says how the nth post, from 0, is answered. The SDK is given later: its port is not known before the broker runs. */
export async function serveWebhooks(t: Test, sdk: () => Sdk, statusOf = (_nth: number) => 200): Promise<WebhookSite> {
  const events: Readonly<Record<string, unknown>>[] = []
  const posts: { status: number, valid: boolean, body: string }[] = []
  async function take(request: IncomingMessage): Promise<number> {
    const body = await text(request)
    const webhook = sdk().webhook({ headers: request.headers, rawBody: body })
    const status = statusOf(posts.length)
    posts.push({ status, valid: webhook.isValid(), body })
    if (status === 200) events.push(...webhook.getEvents() as unknown as Record<string, unknown>[])
    return status
  }
  const server = createServer((request, response) => {
    void take(request).then((status) => response.writeHead(status).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/webhooks`, events, posts,
    async named(name, count = 1) {
      const found = () => events.filter((event) => event['name'] === name)
      await eventually(`${count} × ${name}`, () => found().length >= count)
      return found()
    },
  }
}
