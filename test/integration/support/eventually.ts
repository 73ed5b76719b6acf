/** Waiting without sleeping: look again until it is so, with one bound for everything. */

import { setTimeout as pause } from 'node:timers/promises'

/** How long anything may take here. Tests end far below it; a loaded machine must not reach it. */
export const patienceMs = 20_000
const lookAgainMs = 5

/** Resolves when `condition` holds. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + patienceMs
  while (!await condition()) {
    if (performance.now() > until) throw new Error(`waited ${patienceMs} ms for: ${what}`)
    await pause(lookAgainMs)
  }
}

/** `promise`, or a rejection that says what did not come. */
export async function soon<T>(what: string | (() => string), promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${patienceMs} ms for: ${typeof what === 'string' ? what : what()}`))
    }, patienceMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
