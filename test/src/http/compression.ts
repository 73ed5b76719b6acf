import { gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { acceptsGzip } from '../../../src/http/compression.js'
import { askApi, topicOf } from '../../support/api/ask-api.js'

test('who takes gzip', async (t) => {
  for (const header of ['gzip', 'GZIP', 'deflate, gzip;q=0.5', '*', 'br, *;q=0.1', 'x-gzip', 'gzip ; q=1']) t.ok(acceptsGzip(header), header)
  for (const header of [undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.000, *', 'gzip;q=x']) t.notOk(acceptsGzip(header), String(header))
})

test('longer answers are compressed where that is accepted, and say that it depends', async (t) => {
  const { ask } = askApi({}, Array.from({ length: 100 }, (_, at) => topicOf(`topic-${at}`)))
  const plain = await ask('GET', '/topics')
  t.match(plain.headers, { 'content-encoding': undefined, vary: 'accept-encoding' })
  const compressed = await ask('GET', '/topics', { headers: { 'accept-encoding': 'gzip' } })
  t.match(compressed.headers, { 'content-encoding': 'gzip', vary: 'accept-encoding', 'content-type': 'application/json' })
  t.equal(gunzipSync(compressed.body as Uint8Array).toString(), plain.body)
  t.ok(compressed.body.length < plain.body.length / 4)
  const metrics = await ask('GET', '/metrics', { headers: { 'accept-encoding': 'gzip, deflate, br' } })
  t.match(gunzipSync(metrics.body as Uint8Array).toString(), 'broker_connections 3')
})

test('short ones come as they are', async (t) => {
  const { ask } = askApi()
  t.match((await ask('GET', '/live', { headers: { 'accept-encoding': 'gzip' } })).headers, { 'content-encoding': undefined, vary: undefined })
})
