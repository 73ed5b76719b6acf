/** A client process that is killed: its connections are freed, nobody else notices. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'tap'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { connect } from './support/ws-client.js'

const held = 100

test('kill -9 of a process with 100 subscribers, while messages flow', async (t) => {
  const { broker, publishUrl, subscribeUrl } = await embed(t)
  const reader = await connect(t, `${subscribeUrl}/flow`)
  const writer = await connect(t, `${publishUrl}/flow`)
  const child = fork(new URL('support/client-process.ts', import.meta.url), [`${subscribeUrl}/flow`, String(held)])
  t.teardown(() => child.kill('SIGKILL'))
  await once(child, 'message')
  t.match(broker.stats(), { connections_now: held + 2, subscriptions_now: held + 1 })

  let sent = 0
  let flowing = true
  const flow = (async () => {
    for (; flowing; sent += 1) {
      await writer.send(`${sent} ${'x'.repeat(1000)}`)
      if (sent % 50 === 0) await reader.has(sent)
    }
  })()
  await reader.has(100)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await eventually('all of them are freed', () => broker.stats()['connections_now'] === 2)
  flowing = false
  await flow
  await reader.has(sent)
  t.strictSame(reader.texts().map((text) => Number.parseInt(text, 10)), Array.from({ length: sent }, (_, number) => number))
  t.match(broker.stats(), { subscriptions_now: 1, connections_closed_slow: 0 })
})
