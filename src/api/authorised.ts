/** Routes that ask who may do what (`auth`): each request is decided before its handler runs, and a publication by its topic as well. */

import { permits } from '../auth/grants.js'
import type { Question } from '../auth/question.js'
import type { Verdict } from '../auth/verdict.js'
import { withoutPort } from '../endpoint.js'
import type { HttpClient, HttpHandler, HttpRequest, HttpResponse, Route } from '../http/contract.js'
import { parseHost } from '../http/host.js'
import { problem } from '../http/problem.js'

/** As Authorizer.decide. */
export type Decide = (question: Question) => Promise<Verdict>

export interface AuthorisedOptions {
  readonly decide: Decide
  /** Headers that questions carry besides. */
  readonly headers: () => readonly string[]
  /** Whether too many credentials of an address have failed to look at another one now. */
  readonly isOver: (peer: string) => boolean
  /** Whether the request holds the API's own token, which may do everything. */
  readonly isTokenHolder: (request: HttpRequest) => boolean
  /** Names of this server besides localhost, in small letters. */
  readonly names: readonly string[]
}

type Right = NonNullable<Route['right']>

const rightOfMethod: Readonly<Record<Route['method'], Right>> = { GET: 'read', POST: 'publish', DELETE: 'admin' }
/** By which proxies say that they hand a request on. */
const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip']

/** Where nobody tells, it may be anybody. */
const anybody: HttpClient = { address: '', proxied: true, certificate: null }

/** Somebody's name, who may have made it point here, in the browser of somebody who sits here. */
function isForeignName(header: string | undefined, names: readonly string[]): boolean {
  const host = header === undefined ? null : parseHost(header)
  return host !== null && host.kind === 'name' && host.host !== 'localhost' && !names.includes(host.host)
}

function questionOf(right: Right, { client = anybody, headers, query, parameters }: HttpRequest, { names, headers: wanted }: AuthorisedOptions): Question {
  const told = wanted().flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]))
  const { topic } = parameters
  return {
    protocol: 'http-api', listener: 'api', peer: withoutPort(client.address),
    proxied: client.proxied || forwarding.some((name) => headers[name] !== undefined) || isForeignName(headers['host'], names),
    origin: headers['origin'] ?? null, action: right, api: true, topics: right === 'publish' && topic !== undefined ? [topic] : [],
    credential: { authorization: headers['authorization'] ?? null, subprotocols: null, query, metadata: null, certificate: client.certificate },
    headers: Object.fromEntries(told),
  }
}

function refusalOf({ status, told, wwwAuthenticate, retryAfterSeconds }: Verdict & { allow: false }): HttpResponse {
  return problem(status, told, {
    ...wwwAuthenticate === null ? {} : { 'www-authenticate': wwwAuthenticate },
    ...retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) },
  })
}

/** The same route for whoever may use it. */
export function authorised(route: Route, options: AuthorisedOptions): Route {
  if (route.access === 'anyone') return route
  const right = route.right ?? rightOfMethod[route.method]
  const handle: HttpHandler = async (request) => {
    const question = questionOf(right, request, options)
    if (!options.isOver(question.peer) && options.isTokenHolder(request)) return route.handle(request)
    const verdict = await options.decide(question)
    if (!verdict.allow) return refusalOf(verdict)
    const { grants } = verdict
    return route.handle({
      ...request, mayPublish: (topic) => permits(grants, 'publish', topic), mayRead: (topic) => permits(grants, 'subscribe', topic),
    })
  }
  return { ...route, handle }
}
