/** What a broker in another process says of itself. */

import type { BrokerProcess } from '../../support/broker-process.js'

/** NaN when there is no metric of that name. */
export async function metricOf({ apiPort }: BrokerProcess, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${apiPort}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}
