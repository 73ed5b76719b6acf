/** What one run of the benchmark is made of, as it is kept in bench/results. */

import type { LoadResult } from '../src/bench/load-result.js'
import type { Sample } from './judge.js'

export interface RunSample extends Sample {
  readonly raw: readonly LoadResult[]
}

export interface Run {
  readonly startedAt: string
  readonly commit: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly rounds: number
  readonly quick: boolean
  readonly budgetMinutes: number | null
  readonly reference: string
  readonly twin: string
  /** Arms that took part, and those that could not with what they need. */
  readonly arms: readonly string[]
  readonly missing: Readonly<Record<string, string>>
  /** Planned and not measured yet: the run was interrupted, or its time was up. */
  readonly notRun: readonly string[]
  readonly samples: readonly RunSample[]
}
