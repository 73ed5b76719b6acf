/** Waits until other programs leave the machine alone. */

import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

const windowMs = 400
const busyShareMax = 0.1

function idleAndAllMs(): readonly [idle: number, all: number] {
  const times = cpus().map((cpu) => cpu.times)
  const sum = (pick: (time: (typeof times)[number]) => number): number => times.reduce((total, time) => total + pick(time), 0)
  return [sum(({ idle }) => idle), sum(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq)]
}

/** Resolves when all cores together were idle for most of a short window, or after `msMax`. */
export async function waitForQuiet(msMax: number): Promise<void> {
  for (const deadline = Date.now() + msMax; Date.now() < deadline;) {
    const [idleBefore, allBefore] = idleAndAllMs()
    await sleep(windowMs)
    const [idle, all] = idleAndAllMs()
    if (1 - (idle - idleBefore) / (all - allBefore) <= busyShareMax) return
  }
}
