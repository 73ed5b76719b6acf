/** The Pusher HTTP API as a route table. Whoever asks, signatures guard it; docs/protocols.md lists the answers. */

import type { HttpRequest, HttpResponse, HttpService, Route } from '../../http/contract.js'
import type { AppCommands, Apps } from '../contract.js'
import { meantPath } from '../path.js'
import { Refusal, got, refusalAnswer } from './answer.js'
import { bodyDigest, type BodyDigest } from './body-digest.js'
import { widestBounds, type BodyBounds } from './bounds.js'
import { answerChannel, answerChannels, answerTermination, answerUsers } from './channels.js'
import { answerBatch, answerTrigger } from './events.js'
import { parseQuery, type Query } from './query.js'
import { checkRequest, type SigningPlace } from './signature.js'

export interface PusherHttpOptions {
  /** From bodyBounds. Default: what any configuration may need, 8 MiB. */
  readonly bodies: BodyBounds
  /** pusher.path. Default: none. */
  readonly prefix: string
  /** The wall clock, in whole seconds. */
  readonly nowSeconds: () => number
  /** Default: MD5, and nobody is told where there is none but who asks. */
  readonly digest: BodyDigest
}

/** A request that its app has signed. */
type SignedHandler = (app: AppCommands, request: HttpRequest, query: Query) => HttpResponse

interface Row extends Pick<Route, 'method' | 'path' | 'bodyBytesMax'> {
  readonly handle: SignedHandler
}

/** SDKs send `{}` where nothing is wanted. */
const ignoredBodyBytesMax = 1024

function rows(bodies: BodyBounds): readonly Row[] {
  return [
    {
      method: 'POST', path: '/apps/{app}/events', bodyBytesMax: bodies.events,
      handle: (app, { body }) => answerTrigger(app, body),
    },
    {
      method: 'POST', path: '/apps/{app}/batch_events', bodyBytesMax: bodies.batch,
      handle: (app, { body }) => answerBatch(app, body),
    },
    {
      method: 'GET', path: '/apps/{app}/channels', bodyBytesMax: 0,
      handle: (app, _, query) => answerChannels(app, query),
    },
    {
      method: 'GET', path: '/apps/{app}/channels/{channel}', bodyBytesMax: 0,
      handle: (app, { parameters }, query) => answerChannel(app, parameters['channel'], query),
    },
    {
      method: 'GET', path: '/apps/{app}/channels/{channel}/users', bodyBytesMax: 0,
      handle: (app, { parameters }) => answerUsers(app, parameters['channel']),
    },
    {
      method: 'POST', path: '/apps/{app}/users/{user}/terminate_connections', bodyBytesMax: ignoredBodyBytesMax,
      handle: (app, { parameters }) => answerTermination(app, parameters['user']),
    },
  ]
}

/** Signature first: who has no secret learns nothing of an app, not even whether it exists. */
function authentic(apps: Apps, request: HttpRequest, query: Query, place: SigningPlace): AppCommands {
  const app = apps.byId(request.parameters['app'] ?? '')
  checkRequest(request, query, app?.config ?? null, place)
  if (app === null) throw new Error(`a request of no app must not be authentic, got: ${request.path}`)
  if (!app.config.enabled) throw new Refusal(403, `the app must be enabled, got: ${got(app.config.id)} disabled`)
  return app
}

function signed(apps: Apps, { nowSeconds, ...place }: Pick<PusherHttpOptions, 'nowSeconds' | 'prefix' | 'digest'>, handle: SignedHandler): Route['handle'] {
  return (request) => {
    try {
      const query = parseQuery(request.query)
      return handle(authentic(apps, request, query, { ...place, nowSeconds: nowSeconds() }), request, query)
    } catch (error) {
      if (error instanceof Refusal) return refusalAnswer(error)
      throw error
    }
  }
}

const systemSeconds = () => Math.floor(Date.now() / 1000)

/** All routes under `/apps/{app}/`. */
export function pusherRoutes(apps: Apps, options: Partial<PusherHttpOptions> = {}): Route[] {
  const { bodies = widestBounds, nowSeconds = systemSeconds, prefix = '', digest = bodyDigest(() => {}) } = options
  return rows(bodies).map(({ handle, ...row }) => ({ ...row, access: 'anyone', handle: signed(apps, { nowSeconds, prefix, digest }, handle) }))
}

/** The same service for paths as they come: under the prefix or without it, and with slashes too many. */
export function forgivingPaths(service: HttpService, prefix: string): HttpService {
  return {
    find: (method, path, headers) => service.find(method, meantPath(path, prefix), headers),
    answer: (route, request) => service.answer(route, request),
  }
}
