import { test } from 'tap'
import { systemClock } from '../../../src/pusher/clock.js'

test('a task runs once, unless it is cancelled', async (t) => {
  const ran: string[] = []
  const started = systemClock.now()
  const cancel = systemClock.after(1, () => ran.push('cancelled'))
  cancel()
  await new Promise<void>((resolve) => {
    const alive = setInterval(() => {}, 1000) // the task itself keeps nothing alive
    systemClock.after(20, () => {
      ran.push('task')
      clearInterval(alive)
      resolve()
    })
  })
  t.strictSame(ran, ['task'])
  t.ok(systemClock.now() - started >= 15)
})
