/** The contract of a check of `broker doctor`: one looks at one thing of this machine and says what it has got and what to do. */

import type { LoadedConfig } from '../../config/load.js'
import type { EngineOptions } from '../../native/binding.js'
import type { ApiClient } from '../api-client.js'

/** good; hint: could be better; warn: will hurt under load; fail: something does not work. */
export type Level = 'good' | 'hint' | 'warn' | 'fail'

/** What a check has found. */
export interface Found {
  readonly level: Level
  /** What there is. */
  readonly got: string
  /** The one command, or change, that mends it; null where nothing is to be done. */
  readonly todo: string | null
}

export interface Finding extends Found {
  readonly check: string
}

/** What checks look at. */
export interface Patient {
  /** Text of a file, trimmed; null: there is none, or it may not be read. */
  read(path: string): string | null
  readonly config: LoadedConfig['config']
  /** As the engine would be told; null: it cannot be had (another check says why). */
  readonly options: EngineOptions | null
  /** Of a running broker, which may be the one that is looked at. */
  readonly api: Pick<ApiClient, 'url' | 'ask'>
}

export interface Check {
  /** In a few words. */
  readonly name: string
  look(patient: Patient): Found | Promise<Found>
}

export function good(got: string): Found {
  return { level: 'good', got, todo: null }
}

export function bad(level: Exclude<Level, 'good'>, got: string, todo: string): Found {
  return { level, got, todo }
}
