/** `GET /`: a short map of the API, for who has found the port. */

import type { Route } from '../http/contract.js'
import { json } from '../http/json.js'

export function mapRoute(routes: readonly Route[]): Route {
  const rows = routes.map(({ method, path, about = '' }) => [`${method} ${path.replace('...}', '}')}`, about])
  const map = { service: 'broker: HTTP API', routes: Object.fromEntries(rows), documentation: 'docs/http-api.md of the package @tutti/broker' }
  return { method: 'GET', path: '/', bodyBytesMax: 0, access: 'anyone', about: 'this map', handle: () => json(200, map) }
}
