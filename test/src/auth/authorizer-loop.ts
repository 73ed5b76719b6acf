/** How long the event loop is held while thousands of different tokens come at once; AUTH_TOKENS=n: how many. */

import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import { Authorizer } from '../../../src/auth/authorizer.js'
import { keyPair, verifyingKey } from '../../support/auth/keys.js'
import { question, settings } from '../../support/auth/questions.js'
import { token } from '../../support/auth/sign.js'
import { TestWorld } from '../../support/auth/world.js'

/** CPU time of the main thread, in milliseconds: what other programs take of the machine does not count. */
function cpuMs(): number {
  process.cpuUsage() // brings what the next line reads up to date: else it is as of the last tick
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ', 1)[0]) / 1e6
}

/** What each turn of the loop took until `isOver`. */
async function turns(isOver: () => boolean): Promise<number[]> {
  const took: number[] = []
  for (let last = cpuMs(); !isOver();) {
    await setImmediate()
    const now = cpuMs()
    took.push(now - last)
    last = now
  }
  return took.sort((a, b) => a - b)
}

const tokensCount = Number(process.env['AUTH_TOKENS'] ?? 2000)

test('thousands of different ES256 tokens at once, one that 1000 bring, and ten times as many that are known', async (t) => {
  const world = new TestWorld(t)
  const real = { wallMs: world.wallMs, monotonicMs: () => performance.now(), http: world.http, warn: world.warn }
  const pair = keyPair('ES256')
  const jwt = {
    keys: [await verifyingKey('ES256', pair)], jwks: null, jwksName: null, issuers: null, audiences: null, clockToleranceMs: 0, requireExpiry: true,
  }
  const exp = world.wall / 1000 + 3600
  const asked = Array.from({ length: tokensCount }, (_, id) => ({
    id, question: question(token('ES256', pair.privateKey, { alg: 'ES256' }, { sub: `u${id}`, exp, topics: { subscribe: ['prices/*', 'users/{sub}/**'] } })),
  }))
  const authorizer = new Authorizer(settings({ jwt }), real)
  const shared = question(token('ES256', pair.privateKey, { alg: 'ES256' }, { sub: 'all', exp, topics: { subscribe: ['prices/*'] } }))
  const one = Array.from({ length: 1000 }, (_, id) => ({ id, question: shared }))
  for (const [name, questions] of [['new', asked], ['one', one], ['known', Array.from({ length: 10 }, () => asked).flat()]] as const) {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    let decided = 0
    const begin = cpuMs()
    authorizer.decideAll(questions, (batch) => {
      decided += batch.filter(({ verdict }) => verdict.allow).length
    })
    const took = await turns(() => decided === questions.length)
    delay.disable()
    const late = [50, 99, 100].map((percentile) => Math.max(0, delay.percentile(percentile) / 1e6 - 1).toFixed(1)).join(', ')
    const each = (cpuMs() - begin) / questions.length * 1000
    const [half = 0, high = 0, max = 0] = [0.5, 0.95, 1].map((part) => took[Math.ceil(took.length * part) - 1])
    const figures = [half, high, max].map((ms) => ms.toFixed(1)).join(', ')
    t.comment(`${name}: ${each.toFixed(0)} µs of the main thread each; its CPU in ${took.length} turns, ms: median, 95 %, longest (with garbage collection): ${figures}`)
    t.comment(`${name}: the loop was late, ms: median, 99 %, longest: ${late}`)
    t.ok(high < 5, `${name}: 95 % of the turns below 5 ms, got: ${high.toFixed(1)}`)
  }
})
