/** One topic, heard and filled over every protocol that the broker speaks. */

import type { BrokerOptions } from '../../../src/index.js'
import { embedGrpc, type GrpcBroker } from './grpc-broker.js'
import { GrpcClient, withTopic } from './grpc-client.js'
import { v1Service } from './grpc-services.js'
import { sdkFor, shop } from './pusher-broker.js'
import { connectClient, subscribe, vouchedBy } from './pusher-client.js'
import { scheme } from '../../support/over-tls.js'
import { connect } from './ws-client.js'

interface Test {
  teardown(task: () => unknown): void
}

/** What every protocol can say. */
export interface Said {
  readonly author: number
  readonly data: string
}

/** A subscriber; what it heard, oldest first, in the form that all have in common. */
export interface Heard {
  readonly name: string
  said(): readonly unknown[]
  has(count: number): Promise<unknown>
}

/** Resolves when the broker has it. */
export type Publish = (said: Said) => Promise<unknown>

export interface Room extends GrpcBroker {
  /** The topic's name; to Pusher clients it is the channel `private-room`. */
  readonly topic: string
  readonly ears: readonly Heard[]
  readonly publishers: ReadonlyMap<string, Publish>
}

const channelName = 'private-room'
const topic = `pusher/${shop.id}/${channelName}`
const app = { ...shop, limits: { clientEventsPerSecondMax: 60_000, backendEventsPerSecondMax: 0 } }
const anna = { id: 'anna' }

async function pusherEar(t: Test, port: number): Promise<Heard> {
  const sdk = sdkFor(app, port)
  const { ear } = await subscribe(await connectClient(t, { port, key: app.key }, vouchedBy(sdk, { id: 'ear' })), channelName)
  const names = ['message', 'client-message']
  const said = () => ear.heard.filter(({ event }) => names.includes(event)).map(({ data }) => data)
  return { name: 'pusher', said, has: (count) => ear.until(() => said().length >= count, () => `${count} events`) }
}

async function openEars(t: Test, { subscribeUrl, grpcPort }: GrpcBroker, pusherPort: number): Promise<Heard[]> {
  const ws = await connect(t, `${subscribeUrl}/${topic}`)
  const grpc = await new GrpcClient(t, grpcPort).subscribe(topic)
  const v1 = await new GrpcClient(t, grpcPort).subscribeV1({ topic })
  return [
    { name: 'websocket', said: () => ws.texts().map((text) => JSON.parse(text) as unknown), has: (count) => ws.has(count) },
    { name: 'grpc', said: () => grpc.received, has: (count) => grpc.has(count) },
    { name: 'grpc v1', said: () => v1.received.map(({ author, data }) => ({ author, data })), has: (count) => v1.has(count) },
    await pusherEar(t, pusherPort),
  ]
}

async function openPublishers(t: Test, { broker, publishUrl, grpcPort }: GrpcBroker, pusherPort: number): Promise<Map<string, Publish>> {
  const ws = await connect(t, `${publishUrl}/${topic}`)
  const grpc = new GrpcClient(t, grpcPort)
  const stream = grpc.publisher(topic)
  const sdk = sdkFor(app, pusherPort)
  const client = await subscribe(await connectClient(t, { port: pusherPort, key: app.key }, vouchedBy(sdk, anna)), channelName)
  const api = `${scheme('http')}://127.0.0.1:${broker.api[0]?.port}/topics/${topic}`
  return new Map<string, Publish>([
    ['websocket', (said) => ws.send(JSON.stringify(said))],
    ['http', (said) => fetch(api, { method: 'POST', body: JSON.stringify(said), headers: { 'content-type': 'application/json' } })],
    ['grpc', async (said) => stream.send(said)],
    ['grpc, one call each', (said) => grpc.publish(said, topic)],
    ['grpc v1', (said) => grpc.unary(v1Service, 'PublishOne', { ...said, topic })],
    ['grpc v1, topic in the metadata', (said) => grpc.unary(v1Service, 'PublishOne', said, withTopic(topic))],
    ['pusher http api', (said) => sdk.trigger(channelName, 'message', said)],
    ['pusher client event', async (said) => client.channel.trigger('client-message', said)],
    ['program', async (said) => broker.publish(topic, JSON.stringify(said))],
  ])
}

/** A broker with everything switched on, a subscriber and a publisher of the topic for each protocol. */
export async function openRoom(t: Test, options: BrokerOptions = {}): Promise<Room> {
  const hosts = ['127.0.0.1']
  const embedded = await embedGrpc(t, { ...options, api: { hosts, port: 0 }, pusher: { hosts, port: 0, apps: [{ ...app, shared: true }] } })
  const pusherPort = embedded.broker.listeners.find(({ protocol }) => protocol === 'pusher')?.port ?? 0
  return {
    ...embedded, topic, ears: await openEars(t, embedded, pusherPort), publishers: await openPublishers(t, embedded, pusherPort),
  }
}
