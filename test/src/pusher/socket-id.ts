import { test } from 'tap'
import { createSocketId } from '../../../src/pusher/socket-id.js'

test('socket ids are such as every library accepts, and differ', async (t) => {
  const ids = new Set<string>()
  for (let n = 0; n < 10_000; n++) ids.add(createSocketId((id) => ids.has(id)))
  t.equal(ids.size, 10_000)
  t.ok([...ids].every((id) => /^\d{1,20}\.\d{1,20}$/.test(id)))
})

test('nobody can guess one: neither part repeats or grows', async (t) => {
  const ids = Array.from({ length: 1000 }, () => createSocketId(() => false))
  for (const part of [0, 1]) {
    const numbers = ids.map((id) => Number(id.split('.')[part]))
    t.equal(new Set(numbers).size, 1000)
    const rises = numbers.filter((number, at) => number > (numbers[at - 1] ?? 0)).length
    t.ok(rises > 350 && rises < 650, `about every second one is larger than the one before, got: ${rises}`)
    t.ok(Math.max(...numbers) > 2 ** 47, 'the range is used')
  }
})

test('one that is taken is not given again', async (t) => {
  const asked: string[] = []
  const id = createSocketId((candidate) => asked.push(candidate) < 3)
  t.equal(asked.length, 3)
  t.equal(id, asked[2])
})
