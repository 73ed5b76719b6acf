/** The Pusher protocol on top of a running engine: its rules, its HTTP API on the same port, its webhooks. */

import { Socket } from 'node:net'
import type { AdoptingHttpServer, HttpLimits } from './http/contract.js'
import { startNodeHttpServer } from './http/node-server.js'
import { createRouter } from './http/router.js'
import type { PusherConfig } from './config/sections/pusher.js'
import type { PusherAppConfig } from './config/sections/pusher-app.js'
import type { BrokerExtension, ExtensionPort } from './extension.js'
import { httpPlaceOf } from './http-place.js'
import type { EngineOptions, HttpConnectionEvent, SessionEvent } from './native/binding.js'
import { systemClock } from './pusher/clock.js'
import type { AppCommands, Apps } from './pusher/contract.js'
import { bodyDigest } from './pusher/http/body-digest.js'
import { bodyBounds } from './pusher/http/bounds.js'
import { forgivingPaths, pusherRoutes } from './pusher/http/routes.js'
import { systemWorld } from './pusher/webhook/world.js'
import { Webhooks } from './pusher/webhook/webhooks.js'
import { PusherServer } from './pusher/server.js'

/** Milliseconds of the HTTP API on the Pusher port. */
const httpTimes = { requestHeadMs: 10_000, requestMs: 30_000 }

/** Created before the engine, so that it is there when the first connection comes. */
export class PusherExtension implements BrokerExtension, Apps {
  readonly #config: PusherConfig
  #http: AdoptingHttpServer | null = null
  #server: PusherServer | null = null
  #port: ExtensionPort | null = null
  readonly #webhooks: Webhooks[] = []

  private constructor(config: PusherConfig) {
    this.#config = config
  }

  /** `connectionsMax`: of HTTP; they count against the engine's limit until it hands them over. */
  static async create(config: PusherConfig, limits: Pick<HttpLimits, 'connectionsMax' | 'keepAliveMs'>, options: EngineOptions): Promise<PusherExtension> {
    const extension = new PusherExtension(config)
    const { apps, path } = config
    const digest = bodyDigest((message) => extension.#warn('md5-unavailable', message))
    const routes = pusherRoutes(extension, { bodies: bodyBounds(apps.map(({ limits }) => limits)), prefix: path, digest })
    const onError = (error: unknown) => extension.#warn('http-failed', error instanceof Error ? error.stack ?? error.message : String(error))
    const service = forgivingPaths(createRouter(routes, { guard: null, onError }), path)
    extension.#http = await startNodeHttpServer({
      addresses: [], limits: { ...httpTimes, ...limits }, service, ...httpPlaceOf(() => extension.#port, options, false),
    })
    return extension
  }

  attach(port: ExtensionPort): this {
    this.#port = port
    this.#server = new PusherServer(this.#config, port.engine, {
      ...systemClock,
      webhooks: (app) => this.#webhooksOf(app),
      warn: (name, message) => this.#warn(name, message),
    })
    return this
  }

  byId(id: string): AppCommands | null {
    return this.#server?.byId(id) ?? null
  }

  onEvent(event: SessionEvent | HttpConnectionEvent): void {
    if (event.type !== 'http-connection') this.#server?.onEvent(event)
    else if (event.protocol === 'pusher') this.#adopt(event)
  }

  #adopt({ fd, head, listener, peer }: HttpConnectionEvent): void {
    const socket = new Socket({ fd, readable: true, writable: true })
    this.#http?.adopt(socket, head, (own, bytes) => this.#port?.engine.takeBack(own, listener, peer, bytes), peer)
  }

  beginDrain(): void {}

  async close(ms: number): Promise<void> {
    this.#server?.close()
    const lost = Promise.all(this.#webhooks.map((each) => each.close(ms)))
    await this.#http?.close(ms)
    await lost
  }

  #webhooksOf(app: PusherAppConfig): Webhooks {
    const webhooks = new Webhooks(app, this.#config.webhooks, systemWorld((message) => this.#warn('webhook', message)))
    this.#webhooks.push(webhooks)
    return webhooks
  }

  #warn(name: string, message: string): void {
    this.#port?.warn(name, message)
  }
}
