/** Which section of the configuration a listener of the engine is of, and whose clients somebody is asked about. */

import type { ProtocolName } from '../native/binding.js'

interface Row {
  readonly section: string
  /**
   * Whether `auth` decides about its clients. A Pusher app has keys and signatures of its own;
   * a responder answers everybody who reaches it; the HTTP API asks for itself.
   */
  readonly asks: boolean
}

const rows: Readonly<Record<ProtocolName, Row>> = {
  'websocket-publish': { section: 'publish', asks: true },
  'websocket-subscribe': { section: 'subscribe', asks: true },
  grpc: { section: 'grpc', asks: true },
  pusher: { section: 'pusher', asks: false },
  http: { section: 'api', asks: false },
  'responder-raw': { section: 'responder', asks: false },
  'responder-line': { section: 'responder', asks: false },
}

export function sectionOf(protocol: ProtocolName): string {
  return rows[protocol].section
}

/** Whether who uses it is asked about where `auth` is configured. */
export function isAskedAbout(protocol: ProtocolName): boolean {
  return rows[protocol].asks
}
