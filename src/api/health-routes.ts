/** `/live` and `/ready`: whether to restart the process, whether to send it clients. Open to everybody. */

import type { HttpResponse, Route } from '../http/contract.js'
import { json } from '../http/json.js'
import { problem } from '../http/problem.js'
import type { ApiDeps } from './api.js'
import { answeringRefusals } from './broker-refusals.js'
import { Liveness } from './liveness.js'

const turnMsMax = 5000
/** Floods fill seven eighths, and only those who say little go beyond (native/topic/log_memory.h). */
const logPercentMax = 85

function live(deps: ApiDeps, liveness: Liveness): HttpResponse {
  const stuck = liveness.stuck(deps.status())
  if (stuck.length === 0) return json(200, { status: 'live' })
  return problem(503, `every shard must turn within ${turnMsMax} ms of being woken, got: no turn of shard ${stuck.join(', ')}`)
}

function ready(deps: ApiDeps): HttpResponse {
  if (deps.draining()) return problem(503, 'the broker is shutting down')
  const percent = Math.ceil(deps.logBytes() / deps.limits.logBytesMax * 100)
  if (percent <= logPercentMax) return json(200, { status: 'ready' })
  return problem(503, `the logs must be at most ${logPercentMax} % full, got: ${percent} %`)
}

export function healthRoutes(deps: ApiDeps): readonly Route[] {
  const liveness = new Liveness(turnMsMax, () => performance.now())
  return [
    { method: 'GET', path: '/live', bodyBytesMax: 0, access: 'anyone', about: 'whether to restart it', handle: answeringRefusals(() => live(deps, liveness)) },
    { method: 'GET', path: '/ready', bodyBytesMax: 0, access: 'anyone', about: 'whether to send it clients', handle: answeringRefusals(() => ready(deps)) },
  ]
}
