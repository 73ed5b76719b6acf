/**
 * The memory of all logs is bounded: a stuck subscriber cannot make the broker hold everything, nor stop a publisher for
 * good.
 */

import { test } from 'tap'
import { embed } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { openRaw } from './support/raw-client.js'
import { connect } from './support/ws-client.js'

const mebibyte = 2 ** 20
const patient = { topics: '*', policy: 'disconnect', bytesBehindMax: 1024 * mebibyte, ageMaxMs: 3_600_000 } as const

test('a publisher is slowed down, the stuck subscriber goes, everything else arrives', async (t) => {
  const { broker, publishUrl, subscribeUrl, subscribePort } = await embed(t, {
    limits: { logBytesMax: 2 * mebibyte }, slowConsumers: [patient],
  })
  const healthy = await connect(t, `${subscribeUrl}/flood`)
  const stuck = await openRaw(t, subscribePort, '/flood')
  stuck.socket.pause()
  const writer = await connect(t, `${publishUrl}/flood`)
  const messages = 400
  const body = 'x'.repeat(32_000)
  let most = 0
  for (let number = 0; number < messages; number += 1) {
    await writer.send(`${number} ${body}`)
    await healthy.has(number - 8)
    most = Math.max(most, broker.stats()['log_bytes_now'] ?? 0)
  }
  await healthy.has(messages)
  t.strictSame(healthy.texts().map((text) => Number.parseInt(text, 10)), Array.from({ length: messages }, (_, number) => number))
  t.ok(most < 4 * mebibyte, `little more than the limit, got: ${most}`)
  t.match(broker.stats(), { connections_closed_slow: 1 })
})

for (const policy of ['disconnect', 'drop-oldest', 'latest'] as const) {
  test(`stuck subscribers of many topics stop nobody for long, not even while they are being closed: ${policy}`, async (t) => {
    const { broker, publishUrl, subscribeUrl, subscribePort } = await embed(t, {
      limits: { logBytesMax: 2 * mebibyte, sendBufferBytes: 4096 }, timeouts: { closeMs: 3_600_000 }, slowConsumers: [{ ...patient, policy }],
    })
    const body = Buffer.alloc(60_000)
    const sent: Promise<void>[] = []
    const topics = Array.from({ length: 20 }, (_, number) => `stuck-${number}`)
    const writers = await Promise.all(topics.map(async (topic) => {
      const stuck = await openRaw(t, subscribePort, `/${topic}`)
      stuck.socket.pause()
      return connect(t, `${publishUrl}/${topic}`)
    }))
    const healthy = await connect(t, `${subscribeUrl}/calm`)
    const calm = await connect(t, `${publishUrl}/calm`)
    for (const writer of writers) for (let number = 0; number < 60; number += 1) sent.push(writer.send(body))
    for (let number = 0; number < 100; number += 1) {
      await calm.send(String(number))
      await healthy.has(number + 1)
    }
    await Promise.all(sent)
    t.ok((broker.stats()['publishers_paused'] ?? 0) > 0, 'the logs were full')
    t.equal(healthy.texts().length, 100)
  })
}

test('publish() says so', async (t) => {
  const { broker, subscribePort } = await embed(t, { limits: { logBytesMax: 2 * mebibyte }, slowConsumers: [patient] })
  const stuck = await openRaw(t, subscribePort, '/flood')
  stuck.socket.pause()
  const payload = Buffer.alloc(32_000)
  let published = 0
  t.throws(() => {
    for (; published < 1000; published += 1) broker.publish('flood', payload)
  }, { code: 'ERR_LOG_BYTES' })
  t.ok(published > 30, `not before the limit, got: ${published} messages`)
  stuck.socket.destroy()
  await eventually('room again', () => broker.stats()['log_bytes_now'] === 0)
  broker.publish('flood', payload)
})
