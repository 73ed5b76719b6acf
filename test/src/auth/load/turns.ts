import { test } from 'tap'
import { Turns, turnMs } from '../../../../src/auth/load/turns.js'

test('tasks run in their order, later', async (t) => {
  const ran: number[] = []
  const turns = new Turns(() => 0)
  for (const at of [1, 2, 3]) turns.add(() => ran.push(at))
  turns.add(() => turns.add(() => ran.push(5)))
  turns.add(() => ran.push(4))
  t.strictSame(ran, [])
  t.equal(turns.waiting, 5)
  while (ran.length < 5) await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(ran, [1, 2, 3, 4, 5])
  t.equal(turns.waiting, 0)
})

test('a turn ends when its time is over, and others go on between', async (t) => {
  let now = 0
  const turns = new Turns(() => now)
  const ran: string[] = []
  for (let at = 0; at < 6; at++) {
    turns.add(() => {
      ran.push('task')
      now += turnMs / 2
    })
  }
  while (ran.filter((each) => each === 'task').length < 6) {
    await new Promise((resolve) => setImmediate(resolve))
    ran.push('turn')
  }
  t.strictSame(ran, ['task', 'task', 'turn', 'task', 'task', 'turn', 'task', 'task', 'turn'])
})
