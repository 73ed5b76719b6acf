/** A message published on each protocol is received on each other one, in one order. */

import { test } from 'tap'
import { eventually } from './support/eventually.js'
import { openRoom, type Said } from './support/protocol-ears.js'
import { StreamClient } from './support/stream-client.js'

test('each protocol to each', async (t) => {
  const { ears, publishers } = await openRoom(t)
  const sent: Said[] = []
  for (const [from, publish] of publishers) {
    const said = { author: -1 - sent.length, data: `from ${from}: "Grüße" \\ 👋\n\u0001` }
    sent.push(said)
    await publish(said)
    for (const ear of ears) {
      await ear.has(sent.length)
      t.strictSame(ear.said().at(-1), said, `${from} → ${ear.name}`)
    }
  }
  t.equal(sent.length, publishers.size)
})

test('a responder answers with the last message, whatever protocol published it', async (t) => {
  const room = await openRoom(t, { responder: { listen: ['tcp://127.0.0.1:0'], framing: 'line', reply: 'last' } })
  const { port = 0 } = room.broker.listeners.find(({ protocol }) => protocol === 'responder-line') ?? {}
  const client = new StreamClient(t, { host: '127.0.0.1', port })
  let count = 0
  for (const [from, publish] of room.publishers) {
    const said = { author: count, data: `from ${from}: "Grüße"` }
    count += 1
    await publish(said)
    await Promise.all(room.ears.map((ear) => ear.has(count)))
    client.received = ''
    client.socket.write(`${room.topic}\n`)
    await eventually('a line', () => client.received.endsWith('\n'))
    t.strictSame(JSON.parse(Buffer.from(client.received, 'latin1').toString()), said, from)
  }
})

for (const shards of [1, 3]) {
  test(`all at once: one order for all, and every publisher's own, on ${shards} shard${shards === 1 ? '' : 's'}`, async (t) => {
    const { ears, publishers, stat } = await openRoom(t, { shards })
    const each = 25
    await Promise.all([...publishers.values()].map(async (publish, author) => {
      for (let number = 0; number < each; number += 1) await publish({ author, data: String(number) })
    }))
    const total = each * publishers.size
    await Promise.all(ears.map((ear) => ear.has(total)))
    const [first, ...others] = ears.map((ear) => ear.said() as readonly Said[])
    for (const [at, other] of others.entries()) t.strictSame(other, first, `${ears[at + 1]?.name} as ${ears[0]?.name}`)
    for (const [author, name] of [...publishers.keys()].entries()) {
      const own = first?.filter((said) => said.author === author).map(({ data }) => Number(data))
      t.strictSame(own, Array.from({ length: each }, (_, number) => number), name)
    }
    t.equal(stat('publications_not_encodable'), 0)
  })
}

test('each encoding is built at most once a publication, and only if someone needs it', async (t) => {
  const { ears, publishers, stat } = await openRoom(t)
  const before = stat('encodes')
  let count = 0
  for (const publish of publishers.values()) {
    await publish({ author: count, data: 'x' })
    count += 1
    await Promise.all(ears.map((ear) => ear.has(count)))
  }
  t.equal(stat('encodes') - before, 3 * count, 'WebSocket, Pusher, and one for both gRPC services')
})
