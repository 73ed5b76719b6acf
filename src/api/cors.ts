/** Which web pages may read the API: those whose origins are configured (Fetch Standard, CORS protocol). */

import { isListed } from '../auth/origins.js'
import type { HttpHeaders, HttpResponse, HttpService } from '../http/contract.js'

/** Seconds that a browser may remember the answer to a preflight. */
const maxAgeS = '600'
const exposed = 'broker-epoch, broker-offset, retry-after, www-authenticate'

function add(response: HttpResponse, origin: string | undefined): HttpResponse {
  const { vary } = response.headers
  const varying = { vary: vary === undefined ? 'origin' : `${vary}, origin` }
  const allowed = origin === undefined ? {} : { 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed }
  return { ...response, headers: { ...response.headers, ...varying, ...allowed } }
}

function preflight(origin: string): HttpResponse {
  const headers = {
    'access-control-allow-methods': 'GET, POST, DELETE', 'access-control-allow-headers': 'authorization, content-type, content-encoding, idempotency-key',
    'access-control-max-age': maxAgeS,
  }
  return add({ status: 204, headers, body: '' }, origin)
}

/**
 * The service for pages of these origins, in small letters; null: for none, and nothing is changed. A page that is listed is nobody's
 * guess: the guard of a port without a token need not look at its origin. What it may ask the guard still decides.
 */
export function withCors(service: HttpService, origins: readonly string[] | null): HttpService {
  if (origins === null) return service
  const listed = ({ origin }: HttpHeaders) => (origin !== undefined && isListed(origins, origin) ? origin : undefined)
  return {
    find(method, path, headers) {
      const origin = listed(headers)
      if (method === 'OPTIONS' && origin !== undefined && headers['access-control-request-method'] !== undefined) return preflight(origin)
      const found = service.find(method, path, origin === undefined ? headers : { ...headers, origin: undefined })
      return 'route' in found ? found : add(found, origin)
    },
    answer(route, request) {
      const origin = listed(request.headers)
      const answer = service.answer(route, request)
      return answer instanceof Promise ? answer.then((response) => add(response, origin)) : add(answer, origin)
    },
  }
}
