/** What the load generator prints, and what is wrong with it. */

/** Of µs; empty when nothing was delivered. */
export interface Distribution {
  readonly mean?: number
  readonly p50?: number
  readonly p90?: number
  readonly p99?: number
  readonly p999?: number
  readonly max?: number
  /** [lowest µs, count], ascending, at 1/16 relative precision; only where every delivery counts. */
  readonly buckets?: readonly (readonly [us: number, count: number])[]
}

export interface LoadRound {
  readonly totalUs: number
  readonly spreadUs: number
  readonly wallUs: number
}

/** Which members are there depends on the scenario. */
export interface LoadResult {
  readonly scenario: string
  readonly ok: boolean
  readonly parameters: Readonly<Record<string, number>>
  readonly faults?: Readonly<Record<string, number>>
  readonly deliveries?: number
  readonly totalUs?: Distribution
  readonly spreadUs?: Distribution
  /** By the kernel's receive time: without the load generator's own receive loop. */
  readonly kernelTotalUs?: Distribution
  readonly kernelSpreadUs?: Distribution
  readonly deliveryUs?: Distribution
  readonly handshakeUs?: Distribution
  readonly deliveriesPerSecond?: number
  readonly handshakesPerSecond?: number
  readonly underOneMsPercent?: number
  readonly serverCpuUsPerDelivery?: number | null
  readonly serverCpuUsPerHandshake?: number | null
  readonly serverBusyPercent?: number | null
  readonly serverWaitedPercent?: number | null
  readonly clientBusyPercent?: number
  readonly clientWaitedPercent?: number
  /** Whether the buffers of the subscribers that never read were full before the first measured message. */
  readonly silentFull?: boolean
  readonly curveUs?: readonly number[]
  readonly rounds?: readonly LoadRound[]
}

/** What was not delivered as it was sent, in words. */
export function describeFaults(faults: Readonly<Record<string, number>> = {}): string {
  const found = Object.entries(faults).filter(([, count]) => count > 0)
  return found.length === 0 ? 'not everything was delivered in time' : found.map(([name, count]) => `${count} ${name}`).join(', ')
}
