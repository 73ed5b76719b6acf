/** From a table of routes to the service that HTTP servers serve. */

import type { FoundRoute, HttpHeaders, HttpRequest, HttpResponse, HttpService, Route } from './contract.js'
import { problem } from './problem.js'
import { nameValues, RouteTree, type Endpoint } from './route-tree.js'

/** Who may ask: null lets a request pass, an answer refuses it. Asked before the body is read. */
export type Guard = (route: Route, headers: HttpHeaders) => HttpResponse | null

export interface RouterOptions {
  /** Null: everybody may ask everything. */
  readonly guard: Guard | null
  /** What a handler threw, or an answer of it that cannot be sent. It must not throw. */
  readonly onError: (error: unknown, route: Route) => void
}

const gotMax = 100

/** What a header's value may be made of (RFC 9110 §5.5), line ends above all not. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

function assertSendable(response: HttpResponse): HttpResponse {
  for (const name in response.headers) {
    const value = response.headers[name] ?? ''
    if (!headerName.test(name) || !headerValue.test(value)) {
      throw new Error(`a header must be one line of Latin-1 text, got: ${JSON.stringify(`${name}: ${value}`)}`)
    }
  }
  return response
}

function refuseMethod(endpoint: Endpoint, method: string): HttpResponse {
  const methods = [...endpoint.routes.keys()].flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each]))
  const allow = methods.join(', ')
  return problem(405, `the method must be one of ${allow}, got: ${method.slice(0, gotMax)}`, { allow })
}

class Router implements HttpService {
  readonly #tree = new RouteTree()
  readonly #options: RouterOptions

  constructor(routes: readonly Route[], options: RouterOptions) {
    for (const route of routes) this.#tree.add(route)
    this.#options = options
  }

  /** HEAD is GET whose body the server leaves out. */
  find(method: string, path: string, headers: HttpHeaders): FoundRoute | HttpResponse {
    const match = this.#tree.match(path)
    if (match === null) return problem(404, `nothing is at this path, got: ${path.slice(0, gotMax)}`)
    const row = match.endpoint.routes.get((method === 'HEAD' ? 'GET' : method) as Route['method'])
    if (row === undefined) return refuseMethod(match.endpoint, method)
    const refusal = this.#options.guard?.(row.route, headers) ?? null
    if (refusal !== null) return refusal
    try {
      return { route: row.route, parameters: nameValues(row.names, match.values) }
    } catch {
      return problem(400, `the path's percent escapes must be UTF-8 text, got: ${path.slice(0, gotMax)}`)
    }
  }

  /** Answers at once when the handler does: no promise is made for it. */
  answer(route: Route, request: HttpRequest): HttpResponse | Promise<HttpResponse> {
    try {
      const answer = route.handle(request)
      if (!(answer instanceof Promise)) return assertSendable(answer)
      return answer.then(assertSendable).catch((error: unknown) => this.#failed(error, route))
    } catch (error) {
      return this.#failed(error, route)
    }
  }

  #failed(error: unknown, route: Route): HttpResponse {
    this.#options.onError(error, route)
    return problem(500, 'the request failed here; the log says why')
  }
}

/** @throws {Error} two rows of one method and path. */
export function createRouter(routes: readonly Route[], options: RouterOptions): HttpService {
  return new Router(routes, options)
}
