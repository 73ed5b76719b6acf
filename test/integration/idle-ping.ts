/** Idle connections are asked whether they live. */

import { test } from 'tap'
import { embed } from './support/embedded.js'
import { eventually, soon } from './support/eventually.js'
import { opcodes } from './support/frames.js'
import { openRaw } from './support/raw-client.js'
import { connect } from './support/ws-client.js'

test('a client that answers survives', async (t) => {
  const { publishUrl, subscribeUrl } = await embed(t, { timeouts: { pingIntervalMs: 30 } })
  const reader = await connect(t, subscribeUrl)
  const writer = await connect(t, publishUrl)
  for (const { socket } of [reader, writer]) {
    let pings = 0
    await soon('five pings', new Promise<void>((resolve) => {
      socket.on('ping', () => {
        pings += 1
        if (pings === 5) resolve()
      })
    }))
  }
  await writer.send('alive')
  await reader.has(1)
})

test('a client that does not is closed', async (t) => {
  const { broker, publishPort, subscribePort } = await embed(t, { timeouts: { pingIntervalMs: 30, pongMs: 100 } })
  const disconnects: unknown[] = []
  broker.on('disconnect', ({ code, reason }) => disconnects.push({ code, reason }))
  for (const port of [publishPort, subscribePort]) {
    const client = await openRaw(t, port)
    t.equal((await client.frame()).opcode, opcodes.ping)
    t.equal((await client.rest()).length, 0)
  }
  const expected = { code: 1006, reason: 'no answer to a ping' }
  await eventually('both events', () => disconnects.length === 2)
  t.strictSame(disconnects, [expected, expected])
})
