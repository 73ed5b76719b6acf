// A gRPC server that is wrong on purpose, to show that the load generator notices: each mode spoils every hundredth delivery.
// Owner: bench/check-load.ts. Thread: the server's own process. Usage: faulty-grpc.mjs PORT MODE
import { loadPackageDefinition, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { fileURLToPath } from 'node:url'

const [port, mode] = process.argv.slice(2)
const file = fileURLToPath(new URL('../../native/codec/grpc/proto/message_service.proto', import.meta.url))
const { MessageService } = loadPackageDefinition(loadSync(file))
const subscribers = new Set()
let deliveries = 0

const ways = {
  none: (call, message) => call.write(message),
  missing: () => {},
  duplicated: (call, message) => {
    call.write(message)
    call.write(message)
  },
  corrupted: (call, { author, data }) => call.write({ author, data: `${data.slice(1)}${data.slice(0, 1)}` }),
  closed: (call) => call.end(),
  refused: (call, message, publisher) => publisher({ code: status.UNAVAILABLE }),
}

const server = new Server()
server.addService(MessageService.service, {
  Subscribe(call) {
    subscribers.add(call)
    call.on('error', () => {})
    call.sendMetadata(new Metadata())
  },
  Publish(call, answer) {
    call.on('error', () => {})
    call.on('data', (message) => {
      for (const subscriber of subscribers) ways[++deliveries % 100 === 0 ? mode : 'none'](subscriber, message, answer)
    })
  },
})
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error
})
