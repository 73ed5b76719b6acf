/** The topics of a Pusher app are closed to clients of every other protocol. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { GrpcClient, withTopic } from './support/grpc-client.js'
import { v1Service } from './support/grpc-services.js'
import { RawClient } from './support/raw-client.js'

const topic = 'pusher/shop/private-orders'
const app = { id: 'shop', key: 'shop-key', secret: 'shop-secret' }

async function statusOf(t: { teardown(task: () => unknown): void }, port: number): Promise<string> {
  return (await new RawClient(t, { host: '127.0.0.1', port }).upgrade(`/${topic}`)).slice(9, 12)
}

function publishOverHttp(port: number, token?: string): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return fetch(`http://127.0.0.1:${port}/topics/${topic}`, { method: 'POST', body: 'x', headers })
}

function config(changes: object = {}): string[] {
  return ['--set', `pusher.apps=${JSON.stringify([{ ...app, ...changes }])}`]
}

test('a private channel is neither read nor written from beside', async (t) => {
  const broker = await startBroker(t, { args: config() })
  t.equal(await statusOf(t, broker.subscribePort), '403')
  t.equal(await statusOf(t, broker.publishPort), '403')
  const head = await new RawClient(t, { host: '127.0.0.1', port: broker.subscribePort }).upgrade(`/?topic=other&topic=${topic}`)
  t.match(head, /^HTTP\/1.1 403 /, 'among others')
  t.match(await new RawClient(t, { host: '127.0.0.1', port: broker.subscribePort }).upgrade('/pusher/shopping'), /^HTTP\/1.1 101 /, 'another name')

  const client = new GrpcClient(t, broker.grpcPort)
  const denied = { code: 7, details: 'the topics of a Pusher app are its own, unless it is configured with shared: true' }
  await t.rejects(client.unary(v1Service, 'PublishOne', { author: 1, data: 'x', topic }), denied)
  await t.rejects(client.unary(v1Service, 'Last', { topic }), denied)
  await t.rejects(client.unary(v1Service, 'Last', {}, withTopic(topic)), denied)

  t.equal((await publishOverHttp(broker.apiPort)).status, 403)
})

test('the API publishes there with a token; a shared app is everybody\'s', async (t) => {
  const token = 'a-token-of-the-api-here'
  const guarded = await startBroker(t, { args: [...config(), `api.token=${token}`] })
  t.equal((await publishOverHttp(guarded.apiPort, token)).status, 200)

  const shared = await startBroker(t, { args: config({ shared: true }) })
  t.equal(await statusOf(t, shared.subscribePort), '101')
  t.equal((await publishOverHttp(shared.apiPort)).status, 200)
})
