/** Time as the Pusher protocol's parts see it; replaced in tests. */

export interface Clock {
  /** Milliseconds that never go back, whatever the wall clock does. */
  now(): number
  /** Runs `task` once after `ms`, without keeping the process alive; the answer cancels it. */
  after(ms: number, task: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms).unref()
    return () => clearTimeout(timer)
  },
}
