/**
 * Living under `npx`, which runs the command in a shell. npx hands SIGTERM and SIGINT to that shell only: where the shell
 * waits for us (dash), it dies and we would stay behind, holding the ports; where it has become us (bash), Ctrl-C reaches
 * us twice, from the terminal and from npx.
 */

/** True when npx, `npm exec` or `npm x` started this process. */
export function startedByNpx(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return env['npm_lifecycle_event'] === 'npx'
}

const pollMs = 100

/** Calls `onGone` once when the process that started us has ended. Does not keep the process alive. */
export function watchParent(onGone: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, pollMs)
  timer.unref()
}

/** Two signals of one Ctrl-C are this close together. */
export const sameKeyMs = 200
