/** What is found wrong with the files that a configuration names, gathered while they are read. */

import { ConfigError, type ConfigIssue } from '../errors.js'

/** What a message says it must be, and what it got. */
function issueAt(path: string, error: unknown): ConfigIssue {
  const { message } = error as Error
  const at = message.lastIndexOf(', got: ')
  return { path, problem: at === -1 ? message : message.slice(0, at), got: at === -1 ? 'nothing' : message.slice(at + ', got: '.length), source: null }
}

/** Gathers what is wrong, so that all of it is told at once. */
export class Issues {
  readonly #issues: ConfigIssue[] = []

  add(path: string, error: unknown): null {
    this.#issues.push(issueAt(path, error))
    return null
  }

  /** The value, or null when there is an issue instead. */
  try<Value>(path: string, make: () => Value): Value | null {
    try {
      return make()
    } catch (error) {
      return this.add(path, error)
    }
  }

  throwIfAny(): void {
    if (this.#issues.length > 0) throw new ConfigError(this.#issues)
  }
}
