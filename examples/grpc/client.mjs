// Publishes each line of its standard input to a topic, and prints what is published there: node client.mjs [TOPIC] [HOST:PORT]
// Elsewhere than in a checkout: npm install @tutti/broker @grpc/grpc-js @grpc/proto-loader
import { credentials, loadPackageDefinition, status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const [topic = 'default', address = 'localhost:50051'] = process.argv.slice(2)
const file = fileURLToPath(import.meta.resolve('@tutti/broker/proto/broker/v1/message_service.proto'))
const { broker } = loadPackageDefinition(loadSync(file, { defaults: true }))
const client = new broker.v1.MessageService(address, credentials.createInsecure())
const author = process.pid

const stream = client.Subscribe({ topic, subscriber: `client ${author}` })
stream.on('data', (message) => console.log(`${message.author}: ${message.data}`))
stream.on('error', ({ code, details }) => {
  if (code === status.CANCELLED) return
  console.error(`the subscription ended: ${details}`)
  process.exit(1)
})

// The headers of the answer say that the subscription is in force.
stream.once('metadata', () => {
  const publisher = client.Publish((error, answer) => {
    if (error) console.error(`not published: ${error.details}`)
    else console.log(`${answer.messages} published`)
    stream.cancel()
    client.close()
  })
  createInterface({ input: process.stdin })
    .on('line', (data) => publisher.write({ topic, author, data }))
    .on('close', () => publisher.end())
})
