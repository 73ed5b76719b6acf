/** The health checking protocol, as load balancers ask it. */

import { status } from '@grpc/grpc-js'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { eventually } from './support/eventually.js'
import { GrpcClient, endOf } from './support/grpc-client.js'
import { healthService } from './support/grpc-services.js'

interface Health {
  readonly status: string
}

const services = ['', 'MessageService', 'broker.v1.MessageService', 'grpc.health.v1.Health']

test('Check knows the server and its services', async (t) => {
  const { grpcPort } = await startBroker(t)
  const client = new GrpcClient(t, grpcPort)
  for (const service of services) t.strictSame(await client.unary(healthService, 'Check', { service }), { status: 'SERVING' }, service)
  await t.rejects(client.unary(healthService, 'Check', { service: 'Other' }), { code: status.NOT_FOUND })
})

test('Watch tells at once, and again when the broker begins to close', async (t) => {
  const broker = await startBroker(t, { args: ['--drain-ms', '10s'] })
  const client = new GrpcClient(t, broker.grpcPort)
  const heard: string[] = []
  const call = client.stream<Health>(healthService, 'Watch', { service: '' })
  call.on('data', (health) => heard.push(health.status))
  const ended = endOf(call)
  await eventually('the first answer', () => heard.length === 1)
  const exit = broker.stop()
  t.match(await ended(), { code: status.UNAVAILABLE })
  t.strictSame(heard, ['SERVING', 'NOT_SERVING'])
  t.strictSame(await exit, { code: 0, signal: null })
})

test('Watch of an unknown service says so and stays open', async (t) => {
  const { grpcPort } = await startBroker(t)
  const call = new GrpcClient(t, grpcPort).stream<Health>(healthService, 'Watch', { service: 'Other' })
  const heard: string[] = []
  call.on('data', (health) => heard.push(health.status))
  await eventually('an answer', () => heard.length === 1)
  t.strictSame(heard, ['SERVICE_UNKNOWN'])
  call.cancel()
  t.match(await endOf(call)(), { code: status.CANCELLED })
})
