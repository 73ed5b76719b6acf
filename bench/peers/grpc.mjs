// The gRPC contract on the npm package @grpc/grpc-js: a write() for each subscriber, as its documentation shows.
// Owner: bench/arms.ts. Thread: the server's own process. Usage: grpc.mjs PORT
import { loadPackageDefinition, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { fileURLToPath } from 'node:url'

const [port] = process.argv.slice(2)
const folder = fileURLToPath(new URL('../../native/codec/grpc/proto', import.meta.url))
const options = { includeDirs: [folder], keepCase: true }
const { MessageService } = loadPackageDefinition(loadSync('message_service.proto', options))
const { broker } = loadPackageDefinition(loadSync('broker/v1/message_service.proto', options))
const subscribers = new Map()
const last = new Map()

function topicOf({ metadata }, topic) {
  return topic || String(metadata.get('topic')[0] ?? 'default')
}

function publish(topic, { author, data }) {
  const message = { author, data }
  last.set(topic, message)
  for (const call of subscribers.get(topic) ?? []) call.write(message)
}

function subscribe(call) {
  const topic = topicOf(call, call.request.topic)
  if (!subscribers.has(topic)) subscribers.set(topic, new Set())
  const calls = subscribers.get(topic)
  calls.add(call)
  call.on('cancelled', () => calls.delete(call))
  call.on('error', () => calls.delete(call))
  call.sendMetadata(new Metadata())
}

function publishMany(call, answer) {
  call.on('data', (message) => publish(topicOf(call, message.topic), message))
  call.on('error', () => {})
  call.on('end', () => answer(null, { status: 'ok' }))
}

function publishOne(call, answer) {
  publish(topicOf(call, call.request.topic), call.request)
  answer(null, { status: 'ok', messages: 1 })
}

function answerLast(call, answer) {
  const message = last.get(topicOf(call, call.request.topic))
  if (message === undefined) answer({ code: status.NOT_FOUND, details: 'nothing is retained' })
  else answer(null, message)
}

const server = new Server()
server.addService(MessageService.service, { Publish: publishMany, Subscribe: subscribe })
server.addService(broker.v1.MessageService.service, { Publish: publishMany, PublishOne: publishOne, Subscribe: subscribe, Last: answerLast })
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error
})
