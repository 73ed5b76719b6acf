/** The broker itself: the ports that it wants, whether one runs, and what that says of itself. */

import { createServer } from 'node:net'
import { describeSystemError, formatEndpoint, isUnixAddress } from '../../endpoint.js'
import { UnreachableError, type ApiAnswer } from '../api-client.js'
import { bad, good, type Check, type Found, type Patient } from './check.js'

const skewSecondsMax = 2

interface Place {
  readonly address: string
  readonly port: number
  /** Whether this machine may lack the address. */
  readonly optional: boolean
}

/** What the system says to listening there; null: it may. */
function bindProblem({ address, port }: Place): Promise<string | null> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => resolve(code))
    server.listen({ host: address, port, ipv6Only: true }, () => server.close(() => resolve(null)))
  })
}

/** Of /live; null: nobody answers. */
async function alive({ api }: Patient): Promise<ApiAnswer | null> {
  return api.ask('live').catch((error: unknown) => {
    if (error instanceof UnreachableError) return null
    throw error
  })
}

function wanted({ options, config: { api } }: Patient): Place[] {
  const ofApi = api === null ? [] : [{ address: '127.0.0.1', port: api.port, optional: false }]
  return [...options?.listeners ?? [], ...ofApi].filter(({ address, port }) => !isUnixAddress(address) && port !== 0)
}

const absent: ReadonlySet<string | null> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

async function ports(patient: Patient): Promise<Found> {
  const found = await Promise.all(wanted(patient).map(async (place) => ({ ...place, code: await bindProblem(place) })))
  const taken = found.filter(({ code, optional }) => code !== null && !(optional && absent.has(code)))
  if (taken.length === 0) return good(`free: ${[...new Set(found.map(({ port }) => port))].join(', ') || 'any'}`)
  if (taken.every(({ code }) => code === 'EADDRINUSE') && (await alive(patient))?.body.includes('"live"') === true) return good('taken by a broker that runs')
  const list = taken.map(({ address, port, code }) => `${formatEndpoint(address, port)}: ${describeSystemError(code ?? '')}`).join('; ')
  const isForbidden = taken.some(({ code }) => code === 'EACCES')
  return bad('fail', list, isForbidden ? 'a port from 1024 on, or AmbientCapabilities=CAP_NET_BIND_SERVICE' :
    `ss -ltnp 'sport = :${taken[0]?.port}' says who listens there`)
}

async function running(patient: Patient): Promise<Found> {
  const { api } = patient
  const answer = await alive(patient)
  if (answer === null) return good(`none answers at ${api.url.origin}`)
  if (answer.status !== 200) return bad('fail', `${api.url.origin} answers ${answer.status} to /live: ${answer.body.slice(0, 300)}`,
    'kill -USR2 its process, keep the log, start it again')
  const { status, body } = await api.ask('ready')
  if (status === 200) return good(`${api.url.origin} is live and ready`)
  return bad('warn', `${api.url.origin} is live, and not ready: ${body.slice(0, 300)}`, 'broker top says what fills it, unless it is being ended')
}

async function clock(patient: Patient): Promise<Found> {
  const now = Date.now()
  const skew = Math.round((Date.parse((await alive(patient))?.headers.date ?? '') - now) / 1000)
  if (Math.abs(skew) > skewSecondsMax) return bad('warn', `the broker's clock is ${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} this one`,
    'timedatectl set-ntp true, here and there: tokens and signatures are dated')
  const isKept = ['/run/systemd/timesync/synchronized', '/run/chrony/chronyd.pid', '/run/ntpd.pid'].some((file) => patient.read(file) !== null)
  const got = new Date(now).toISOString()
  return isKept ? good(`${got}, kept by the network`) : bad('hint', `${got}; who keeps it is not known`, 'timedatectl says: tokens and signatures are dated')
}

export const brokerChecks: readonly Check[] = [{ name: 'ports', look: ports }, { name: 'running broker', look: running }, { name: 'clock', look: clock }]
