/** Too many connections, in all or of one address: 503 in words, and room again when one leaves. */

import { test } from 'tap'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { connect, connectMany, refusalOf } from './support/ws-client.js'

test('in all', async (t) => {
  const { broker, publishUrl, subscribeUrl } = await embed(t, { limits: { connectionsMax: 4 } })
  const readers = await connectMany(t, 3, subscribeUrl)
  const writer = await connect(t, publishUrl)
  for (const url of [subscribeUrl, publishUrl]) {
    t.strictSame(await refusalOf(t, url), { status: 503, text: 'too many connections\n' })
  }
  await eventually('the refused ones are gone', () => broker.stats()['connections_now'] === 4)
  t.match(broker.stats(), { connections_refused: 2, handshakes_refused: 2 })

  await writer.send('still served')
  await Promise.all(readers.map((reader) => reader.has(1)))

  readers[0]?.socket.close()
  await eventually('there is room', () => broker.stats()['connections_now'] === 3)
  await connect(t, subscribeUrl)
})

test('of one address', async (t) => {
  const { broker, subscribeUrl } = await embed(t, { limits: { connectionsPerAddressMax: 2 } })
  const [first] = await connectMany(t, 2, subscribeUrl)
  t.strictSame(await refusalOf(t, subscribeUrl), { status: 503, text: 'too many connections\n' })
  await connectMany(t, 2, subscribeUrl, { localAddress: '127.0.0.2' })
  t.strictSame(await refusalOf(t, subscribeUrl, { localAddress: '127.0.0.2' }), { status: 503, text: 'too many connections\n' })

  first?.socket.close()
  await eventually('there is room', () => broker.stats()['connections_now'] === 3)
  await connect(t, subscribeUrl)
})
