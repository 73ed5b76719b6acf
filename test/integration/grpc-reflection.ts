/** Server reflection: a client that knows nothing beforehand finds the services, builds itself and publishes. */

import { Client, credentials, loadPackageDefinition } from '@grpc/grpc-js'
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { eventually, soon } from './support/eventually.js'
import { GrpcClient } from './support/grpc-client.js'
import { loaderOptions, reflectionServices } from './support/grpc-services.js'

interface ReflectionAnswer {
  readonly message_response: string
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] }
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] }
  readonly error_response?: { readonly error_code: number }
}

const names = [
  'MessageService', 'broker.v1.MessageService', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
]

/** Asks all, in one stream. */
async function ask(client: GrpcClient, service: (typeof reflectionServices)[number], requests: readonly object[]): Promise<ReflectionAnswer[]> {
  const call = client.duplex<object, ReflectionAnswer>(service, 'ServerReflectionInfo')
  const answers: ReflectionAnswer[] = []
  call.on('data', (answer) => answers.push(answer))
  for (const request of requests) call.write(request)
  await eventually('all answers', () => answers.length === requests.length)
  call.end()
  return answers
}

/** A FileDescriptorSet: field 1, each file with its length. */
function fileSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(files.map((file) => {
    const length = [...(file.length > 127 ? [(file.length & 0x7f) | 0x80, file.length >> 7] : [file.length])]
    return Buffer.concat([Buffer.from([0x0a, ...length]), file])
  }))
}

for (const [at, service] of reflectionServices.entries()) {
  const version = at === 0 ? 'v1' : 'v1alpha'

  test(`${version}: every service is listed and described`, async (t) => {
    const { grpcPort } = await startBroker(t)
    const client = new GrpcClient(t, grpcPort)
    const [list, unknown, ...described] = await ask(client, service, [
      { list_services: '' }, { file_containing_symbol: 'no.such.Service' }, ...names.map((name) => ({ file_containing_symbol: name })),
      { file_by_filename: 'broker/v1/message_service.proto' },
    ])
    t.strictSame(list?.list_services_response?.service.map(({ name }) => name).sort(), names)
    t.equal(unknown?.error_response?.error_code, 5)
    for (const answer of described) t.equal(answer.file_descriptor_response?.file_descriptor_proto.length, 1)
  })
}

test('a client built from the answers publishes', async (t) => {
  const { grpcPort } = await startBroker(t)
  const ear = await new GrpcClient(t, grpcPort).subscribe('found')
  const [service] = reflectionServices
  if (service === undefined) throw new Error('no reflection service')
  const [answer] = await ask(new GrpcClient(t, grpcPort), service, [{ file_containing_symbol: 'broker.v1.MessageService' }])
  const set = fileSet(answer?.file_descriptor_response?.file_descriptor_proto ?? [])
  const found = loadPackageDefinition(loadFileDescriptorSetFromBuffer(set, loaderOptions)) as unknown as {
    broker: { v1: { MessageService: new (address: string, credentials: unknown) => Client & Record<'PublishOne', (request: object, callback: (error: unknown, answer: unknown) => void) => void> } }
  }
  const client = new found.broker.v1.MessageService(`127.0.0.1:${grpcPort}`, credentials.createInsecure())
  t.teardown(() => client.close())
  const published = new Promise((resolve, reject) => {
    client.PublishOne({ author: 1, data: 'by reflection', topic: 'found' }, (error, value) => (error === null ? resolve(value) : reject(error as Error)))
  })
  t.strictSame(await soon('the answer', published), { status: 'ok', messages: 1 })
  await ear.has(1)
  t.match(ear.received, [{ author: 1, data: 'by reflection' }])
})
