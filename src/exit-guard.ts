/**
 * Ends engines when the process exits. Node runs no native clean-up on the main thread at process.exit or an uncaught
 * exception, but it does emit 'exit'; engine threads that outlive it would touch memory that is being torn down.
 */

interface Stoppable {
  stop(): void
}

const running = new Set<Stoppable>()

function stopAll(): void {
  for (const engine of running) engine.stop()
  running.clear()
}

/** From now on, the engine is stopped when the process exits. */
export function stopAtExit(engine: Stoppable): void {
  if (running.size === 0) process.on('exit', stopAll)
  running.add(engine)
}

/** The engine has been stopped; nothing is left to do for it. */
export function forgetAtExit(engine: Stoppable): void {
  running.delete(engine)
  if (running.size === 0) process.off('exit', stopAll)
}
