/** The web server of an app: pages, and the two endpoints where it vouches for its users with the SDK. */

import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type Sdk from 'pusher'

interface Test {
  teardown(task: () => unknown): void
}

/** What a page is: text, or a file. */
export type Page = { readonly html: string } | { readonly file: string, readonly type: string }

export interface Site {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  /** How often each path was asked for. */
  readonly asked: ReadonlyMap<string, number>
}

/** Who says `user=` is that user; who does not is nobody, and gets 403. */
function vouch(sdk: Sdk, path: string, form: URLSearchParams): object | null {
  const [user, socketId = '', channel = ''] = [form.get('user'), form.get('socket_id') ?? '', form.get('channel_name') ?? '']
  if (user === null) return null
  if (path === '/user-auth') return sdk.authenticateUser(socketId, { id: user })
  return sdk.authorizeChannel(socketId, channel, channel.startsWith('presence-') ? { user_id: user, user_info: { name: user } } : undefined)
}

async function answerForm(sdk: Sdk, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = vouch(sdk, path, new URLSearchParams(await text(request)))
  response.writeHead(answer === null ? 403 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}))
}

function answerPage(page: Page | undefined, response: ServerResponse): void {
  if (page === undefined) response.writeHead(404).end()
  else if ('html' in page) response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page.html)
  else createReadStream(page.file).pipe(response.writeHead(200, { 'content-type': page.type }))
}

/** Serves on a free port of 127.0.0.1: POST /auth, POST /user-auth and the pages by their paths. */
export async function serveSite(t: Test, sdk: Sdk, pages: Readonly<Record<string, Page>> = {}): Promise<Site> {
  const asked = new Map<string, number>()
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    asked.set(path, (asked.get(path) ?? 0) + 1)
    if (request.method === 'POST') void answerForm(sdk, path, request, response)
    else answerPage(pages[path], response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
