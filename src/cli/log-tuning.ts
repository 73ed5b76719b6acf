/** What came of the latency profile's requests to the system, a line each. */

import type { Logger } from 'pino'
import type { Broker } from '../broker.js'
import type { Tuning } from '../native/binding.js'

/** What was asked, and what it takes to be permitted. */
const rows: Readonly<Record<Tuning['name'], readonly [what: string, needs: string]>> = {
  spin: ['spinning before sleep', 'nothing'],
  cpus: ['shards on CPUs of their own', 'CPUs that exist and that this process may use'],
  'real-time': ['SCHED_FIFO for the shards', 'CAP_SYS_NICE or ulimit -r 1'],
  memory: ['locked memory', 'ulimit -l unlimited'],
}

export function logTuning({ tuning, options }: Broker, logger: Logger): void {
  const amounts: Partial<Record<Tuning['name'], string>> = {
    spin: ` (${options.latency.spinUs} µs)`, cpus: ` (CPU ${(options.cpus ?? []).join(', ')})`,
  }
  for (const { name, code } of tuning) {
    const [what, needs] = rows[name]
    const details = { event: 'tuning', tuning: name, code }
    const subject = `latency: ${what}${amounts[name] ?? ''}`
    if (code === null) logger.info(details, `${subject}: applied`)
    else logger.warn(details, `${subject}: not permitted (${code}), it needs ${needs}`)
  }
  if (options.latency.spinUs > 0 && options.cpus === null) {
    logger.info({ event: 'tuning', tuning: 'cpus', code: null }, `latency: ${rows.cpus[0]}: not applied, no CPU is left over`)
  }
}
