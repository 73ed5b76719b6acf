import { test } from 'tap'
import { Liveness } from '../../../src/api/liveness.js'

/** Two shards on a clock that a test sets. */
class Shards {
  now = 1_000_000
  readonly turnedAt = [this.now, this.now]
  readonly #liveness = new Liveness(5000, () => this.now)

  /** Who is stuck; everybody else turns because of the question. */
  ask(...dead: number[]): number[] {
    const stuck = this.#liveness.stuck({ turnAgesMs: this.turnedAt.map((at) => this.now - at) })
    this.turnedAt.forEach((_, shard) => {
      if (!dead.includes(shard)) this.turnedAt[shard] = this.now
    })
    return stuck
  }
}

test('shards that sleep are well', async (t) => {
  const shards = new Shards()
  shards.now += 3_600_000
  t.strictSame(shards.ask(), [], 'nobody has asked for an hour')
  for (let round = 0; round < 5; round += 1) {
    shards.now += 10_000
    t.strictSame(shards.ask(), [], 'they turn only when asked')
  }
})

test('a shard that does not turn when woken is stuck', async (t) => {
  const shards = new Shards()
  shards.now += 60_000
  t.strictSame(shards.ask(1), [], 'it may be asleep')
  shards.now += 3000
  t.strictSame(shards.ask(1), [], 'it has some time')
  shards.now += 2001
  t.strictSame(shards.ask(1), [1])
  shards.now += 10_000
  t.strictSame(shards.ask(), [1])
  shards.now += 10_000
  t.strictSame(shards.ask(), [], 'it has come back')
})

test('probes in quick succession do not start the time anew', async (t) => {
  const shards = new Shards()
  shards.ask(0)
  let first = 0
  for (let at = 100; at <= 6000 && first === 0; at += 100) {
    shards.now += 100
    if (shards.ask(0).includes(0)) first = at
  }
  t.ok(first > 5000 && first <= 5200, `told after ${first} ms`)
})
