/** Answers compressed by gzip for who takes it (RFC 9110 §12.5.3), where it saves more than a packet. */

import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import type { HttpHeaders, HttpResponse, HttpService } from './contract.js'

const compress = promisify(gzip)
/** A shorter body fits into a packet as it is. */
const bodyBytesLeast = 1400
const compressible = /^(text\/|application\/(json|problem\+json|openapi\+json|javascript)\b)/

/** Whether a header Accept-Encoding takes gzip: named, or by `*`, and not with q=0. */
export function acceptsGzip(header: string | undefined): boolean {
  const codings = new Map((header ?? '').toLowerCase().split(',').map((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim())
    const quality = parameters.find((text) => text.startsWith('q='))
    return [name, quality === undefined ? 1 : Number(quality.slice(2))]
  }))
  return (codings.get('gzip') ?? codings.get('x-gzip') ?? codings.get('*') ?? 0) > 0
}

/** What stands between must keep both forms apart. */
function varying(headers: HttpResponse['headers']): HttpResponse['headers'] {
  const { vary } = headers
  return { ...headers, vary: vary === undefined ? 'accept-encoding' : `${vary}, accept-encoding` }
}

async function compressed(response: HttpResponse, { 'accept-encoding': accepted }: HttpHeaders): Promise<HttpResponse> {
  const headers = varying(response.headers)
  if (!acceptsGzip(accepted)) return { ...response, headers }
  return { ...response, headers: { ...headers, 'content-encoding': 'gzip' }, body: await compress(response.body) }
}

function mayCompress({ headers, body }: HttpResponse): boolean {
  return Buffer.byteLength(body) >= bodyBytesLeast && headers['content-encoding'] === undefined && compressible.test(headers['content-type'] ?? '')
}

/** The service, whose longer answers are compressed where that is accepted. Short ones come without a promise, as before. */
export function withCompression(service: HttpService): HttpService {
  return {
    find: (method, path, headers) => service.find(method, path, headers),
    answer(route, request) {
      const finish = (response: HttpResponse) => (mayCompress(response) ? compressed(response, request.headers) : response)
      const answer = service.answer(route, request)
      return answer instanceof Promise ? answer.then(finish) : finish(answer)
    },
  }
}
