/** What one run of the benchmark is made of, as it is kept in bench/results. */

import type { Sample } from './judge.js'
import type { LoadResult } from './load-generator.js'

export interface RunSample extends Sample {
  readonly raw: readonly LoadResult[]
}

export interface Run {
  readonly startedAt: string
  readonly rounds: number
  readonly quick: boolean
  readonly reference: string
  readonly twin: string
  /** Arms that took part, and those that could not with what they need. */
  readonly arms: readonly string[]
  readonly missing: Readonly<Record<string, string>>
  readonly samples: readonly RunSample[]
}
