/** `GET /openapi.json`: the API for programs that read it. */

import type { Route } from '../http/contract.js'
import { json } from '../http/json.js'
import { packageVersion } from '../package-info.js'
import { openApiDocument } from './openapi/document.js'

/** It is made when it is asked for first. */
export function openApiRoute(routes: readonly Route[]): Route {
  let document: object | null = null
  const route: Route = {
    method: 'GET', path: '/openapi.json', bodyBytesMax: 0, access: 'anyone', about: 'this API as an OpenAPI 3.1 document',
    handle: () => json(200, document ??= openApiDocument([...routes, route], packageVersion())),
  }
  return route
}
