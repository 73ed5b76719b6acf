import { test } from 'tap'
import { bodyBounds, widestBounds } from '../../../../src/pusher/http/bounds.js'
import { parseBatch, parseTrigger } from '../../../../src/pusher/http/trigger.js'
import { appConfig } from '../../../support/pusher/http/fake-app.js'

const MiB = 2 ** 20

/** Every byte escaped as badly as JSON can. */
function worst(length: number): string {
  return `"${'\\u0001'.repeat(length)}"`
}

test('the biggest request that the limits allow fits', async (t) => {
  const { limits } = appConfig()
  const bounds = bodyBounds([limits])
  const channels = Array.from({ length: limits.channelsPerEventMax }, (_, at) => `${at}`.padEnd(164, 'x'))
  const name = `"${'\\u00e9'.repeat(200)}"`
  const data = worst(limits.payloadBytesMax)
  const event = `{"name":${name},"data":${data},"channels":${JSON.stringify(channels)},"socket_id":"1.2"}`
  t.equal(parseTrigger(Buffer.from(event), limits).channels.length, 100)
  t.ok(event.length <= bounds.events, `${event.length} of ${bounds.events}`)

  const item = `{"name":${name},"data":${data},"channel":"${channels[0]}","socket_id":"1.2","info":"subscription_count"}`
  const batch = `{"batch":[${Array.from({ length: limits.batchEventsMax }, () => item).join(',')}]}`
  t.equal(parseBatch(Buffer.from(batch), limits).length, 10)
  t.ok(batch.length <= bounds.batch, `${batch.length} of ${bounds.batch}`)
  t.ok(bounds.batch < MiB, 'and not much more')
})

test('the widest app counts, up to 8 MiB', async (t) => {
  const small = appConfig({ limits: { payloadBytesMax: 100, channelsPerEventMax: 1, batchEventsMax: 1 } }).limits
  const large = appConfig({ limits: { payloadBytesMax: '1MiB', batchEventsMax: 1000 } }).limits
  t.strictSame(bodyBounds([small, large]), bodyBounds([large, small]))
  t.equal(bodyBounds([large]).batch, 8 * MiB)
  t.ok(bodyBounds([small]).events < 8192)
  t.strictSame(widestBounds, { events: 8 * MiB, batch: 8 * MiB })
})
