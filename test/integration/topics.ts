/** The URL names the topic. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { connect, refusalOf } from './support/ws-client.js'

test('a path is a topic', async (t) => {
  const broker = await startBroker(t)
  const cases = [
    { publish: '/prices', subscribe: '/prices' },
    { publish: '/', subscribe: '/default' },
    { publish: '/a%2Fb%20c', subscribe: '/a/b%20c' },
    { publish: '/caf%C3%A9', subscribe: '/caf%c3%a9' },
    { publish: '/plus+sign', subscribe: '/?topic=plus%2Bsign' },
    { publish: '/a%20space', subscribe: '/?topic=a+space' },
    { publish: `/${'t'.repeat(200)}`, subscribe: `/${'t'.repeat(200)}` },
    { publish: '/trailing/', subscribe: '/trailing/' },
    { publish: '/both', subscribe: '/both?topic=both' },
  ]
  for (const { publish, subscribe } of cases) {
    const reader = await connect(t, broker.subscribeUrl + subscribe)
    const writer = await connect(t, broker.publishUrl + publish)
    await writer.send(publish)
    await reader.has(1)
    t.strictSame(reader.texts(), [publish], `${publish} reaches ${subscribe}`)
  }
})

test('topics do not mix', async (t) => {
  const broker = await startBroker(t)
  const [one, other, both] = await Promise.all([
    connect(t, `${broker.subscribeUrl}/one`),
    connect(t, `${broker.subscribeUrl}/One`),
    connect(t, `${broker.subscribeUrl}/one?topic=One&topic=one`),
  ])
  const lower = await connect(t, `${broker.publishUrl}/one`)
  const upper = await connect(t, `${broker.publishUrl}/One`)
  for (let number = 0; number < 20; number += 1) {
    await lower.send(`one ${number}`)
    await upper.send(`One ${number}`)
  }
  await Promise.all([one.has(20), other.has(20), both.has(40)])
  t.ok(one.texts().every((text) => text.startsWith('one ')))
  t.ok(other.texts().every((text) => text.startsWith('One ')))
  t.strictSame(both.texts().filter((text) => text.startsWith('one ')), one.texts(), 'each topic in its order')
  t.strictSame(both.texts().filter((text) => text.startsWith('One ')), other.texts())
  t.equal(both.received.length, 40, 'a topic named twice is one subscription')
})

test('an invalid topic is refused with 400 and one line', async (t) => {
  const broker = await startBroker(t)
  const name = /^a topic is 1 to 200 bytes .*\n$/
  const cases: readonly (readonly [string, RegExp])[] = [
    [`/${'t'.repeat(201)}`, name],
    ['/line%0Abreak', name],
    ['/nul%00', name],
    ['/del%7f', name],
    ['/%C2%85', name], // U+0085, a control character
    ['/%ff', name],
    ['/%ED%A0%80', name], // a surrogate
    ['/half%2', /^a % in a topic is not followed by two hexadecimal digits\n$/],
    ['/%zz', /^a % in a topic is not followed by two hexadecimal digits\n$/],
    ['/?topic=', name],
  ]
  for (const [path, reason] of cases) {
    const { status, text } = await refusalOf(t, broker.subscribeUrl + path)
    t.equal(status, 400, path)
    t.match(text, reason, path)
    if (path.includes('?')) continue
    t.strictSame(await refusalOf(t, broker.publishUrl + path), { status, text }, `${path} on the publish port`)
  }
  t.strictSame(await refusalOf(t, `${broker.publishUrl}/?topic=a`), {
    status: 400, text: 'a publisher names its topic by the path, and there must be no query, got: topic\n',
  })
})
