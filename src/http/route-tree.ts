/**
 * Which route a path means. The most special one counts: a literal segment before `{name}`, that before `{name...}`.
 * Paths are compared as received: one resource has one spelling.
 */

import type { FoundRoute, Route } from './contract.js'

/** The routes of one path, by method. */
export interface Endpoint {
  readonly routes: Map<Route['method'], { readonly route: Route, readonly names: readonly string[] }>
}

interface Node {
  readonly literals: Map<string, Node>
  parameter: Node | null
  endpoint: Endpoint | null
  rest: Endpoint | null
}

export interface Match {
  readonly endpoint: Endpoint
  /** What stands for the names, in their order, as received. */
  readonly values: readonly string[]
}

function createNode(): Node {
  return { literals: new Map(), parameter: null, endpoint: null, rest: null }
}

function child(node: Node, segment: string): Node {
  if (segment.startsWith('{')) return (node.parameter ??= createNode())
  const found = node.literals.get(segment) ?? createNode()
  node.literals.set(segment, found)
  return found
}

/** `from`: behind the slash that ends what is matched so far; beyond the path when all of it is. */
function descend(node: Node, path: string, from: number, values: string[]): Endpoint | null {
  if (from > path.length) return node.endpoint
  const slash = path.indexOf('/', from)
  const end = slash === -1 ? path.length : slash
  const segment = path.slice(from, end)
  const literal = node.literals.get(segment)
  const direct = literal === undefined ? null : descend(literal, path, end + 1, values)
  if (direct !== null) return direct
  const depth = values.length
  if (node.parameter !== null && segment !== '') {
    values.push(segment)
    const found = descend(node.parameter, path, end + 1, values)
    if (found !== null) return found
    values.length = depth
  }
  if (node.rest === null || from === path.length) return null
  values.push(path.slice(from))
  return node.rest
}

export class RouteTree {
  readonly #root = createNode()
  /** Paths without names: one look, no walk. */
  readonly #exact = new Map<string, Match>()

  /** @throws {Error} a method and path that is there already. */
  add(route: Route): void {
    const segments = route.path.slice(1).split('/')
    const names = segments.filter((segment) => segment.startsWith('{')).map((segment) => segment.replace(/^\{|(\.\.\.)?\}$/g, ''))
    const { routes } = this.#endpointOf(segments)
    if (routes.has(route.method)) throw new Error(`a route must be unique, got: ${route.method} ${route.path} twice`)
    routes.set(route.method, { route, names })
    const endpoint = { routes }
    if (names.length === 0) this.#exact.set(route.path, { endpoint, values: [] })
  }

  match(path: string): Match | null {
    const exact = this.#exact.get(path)
    if (exact !== undefined) return exact
    const values: string[] = []
    const endpoint = path.startsWith('/') ? descend(this.#root, path, 1, values) : null
    return endpoint === null ? null : { endpoint, values }
  }

  #endpointOf(segments: readonly string[]): Endpoint {
    const takesRest = segments.at(-1)?.endsWith('...}') === true
    const node = (takesRest ? segments.slice(0, -1) : segments).reduce(child, this.#root)
    return takesRest ? (node.rest ??= { routes: new Map() }) : (node.endpoint ??= { routes: new Map() })
  }
}

const none: FoundRoute['parameters'] = {}

/**
 * The values under their names, percent-decoded.
 * @throws {URIError} an escape that is no UTF-8 text.
 */
export function nameValues(names: readonly string[], values: readonly string[]): FoundRoute['parameters'] {
  if (names.length === 0) return none
  const named: Record<string, string> = {}
  names.forEach((name, at) => {
    named[name] = decodeURIComponent(values[at] ?? '')
  })
  return named
}
