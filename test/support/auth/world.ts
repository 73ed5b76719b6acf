/** What authorisation has of the world, under a test's hand: clocks that stand, a log that is kept, real requests. */

import { NodeHttpAsker } from '../../../src/auth/http-asker.js'
import type { AuthWorld } from '../../../src/auth/world.js'

interface Test {
  teardown(task: () => unknown): void
}

export class TestWorld implements AuthWorld {
  /** The wall clock: noon of a day in 2026. */
  wall = Date.UTC(2026, 0, 15, 12)
  monotonic = 1000
  readonly warnings: string[] = []
  readonly http = new NodeHttpAsker()

  constructor(t: Test) {
    t.teardown(() => this.http.close())
  }

  readonly wallMs = (): number => this.wall
  readonly monotonicMs = (): number => this.monotonic
  readonly warn = (message: string): void => {
    this.warnings.push(message)
  }

  /** Both clocks go on. */
  pass(ms: number): void {
    this.wall += ms
    this.monotonic += ms
  }
}
