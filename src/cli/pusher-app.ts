/** The app that `broker start --pusher` makes up when none is configured. */

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Broker } from '../broker.js'
import { isSecure } from './urls.js'

export interface MadeApp {
  readonly id: string
  readonly key: string
  readonly secret: string
  readonly clientEvents: true
}

/** The id is of digits: the SDK for Python takes no other. */
export function randomApp(): MadeApp {
  return { id: '1', key: randomBytes(10).toString('hex'), secret: randomBytes(16).toString('hex'), clientEvents: true }
}

/** What a page needs to connect. */
export function clientSnippet({ key }: MadeApp, host: string, port: number, secure = false): string {
  const way = secure ? `wssPort: ${port}, forceTLS: true` : `wsPort: ${port}, forceTLS: false`
  const options = `{ wsHost: '${host}', ${way}, enabledTransports: ['ws'${secure ? ", 'wss'" : ''}], cluster: 'self' }`
  return `new Pusher('${key}', ${options})`
}

/** What a server needs to publish. */
export function serverSnippet({ id, key, secret }: MadeApp, host: string, port: number, secure = false): string {
  return `new Pusher({ appId: '${id}', key: '${key}', secret: '${secret}', host: '${host}', port: '${port}', useTLS: ${secure} })`
}

export function logMadeApp(broker: Broker, app: MadeApp, logger: Logger): void {
  const listener = broker.listeners.find(({ protocol }) => protocol === 'pusher')
  if (listener === undefined) return
  const { address: host, port } = listener
  const secure = isSecure(broker, listener)
  const details = { event: 'pusher-app', appId: app.id, key: app.key, secret: app.secret }
  logger.info(details, `Pusher app ${app.id} until the broker ends; configure pusher.apps for one that stays`)
  logger.info({ event: 'pusher-client' }, `in the page (pusher-js): ${clientSnippet(app, host, port, secure)}`)
  logger.info({ event: 'pusher-server' }, `on the server (pusher): ${serverSnippet(app, host, port, secure)}`)
}
