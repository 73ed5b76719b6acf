/** The progress bar on a terminal; elsewhere one line per scenario and round. */

import { SingleBar } from 'cli-progress'

export interface ProgressBar {
  step(scenario: string, round: number, arm: string): void
  /** A scenario ended, maybe with fewer steps than planned. */
  finish(stepsPlanned: number): void
  stop(): void
}

export function startProgress(steps: number): ProgressBar {
  const { isTTY } = process.stderr
  const bar = isTTY ? new SingleBar({
    format: '{bar} {value}/{total} {duration_formatted} {what}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
  }) : null
  bar?.start(steps, 0, { what: '' })
  let done = 0
  let finished = 0
  let last = ''
  return {
    step(scenario, round, arm) {
      bar?.update(done++, { what: `${scenario}, round ${round + 1}, ${arm}` })
      const line = `${scenario}, round ${round + 1}`
      if (bar === null && line !== last) process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
      last = line
    },
    finish(stepsPlanned) {
      finished += stepsPlanned
      done = finished
      bar?.update(done)
    },
    stop() {
      bar?.stop()
    },
  }
}
