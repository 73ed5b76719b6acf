// The plain contract on the npm package `ws`: a loop of send() over the topic's clients, as its documentation shows.
// Also run under Bun, as the sample of the message-distribution challenge does.
// Owner: bench/arms.ts. Thread: the server's own process. Usage: ws.mjs PUBLISH_PORT SUBSCRIBE_PORT [CERTIFICATE KEY]
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { WebSocketServer } from 'ws'

const [publishPort, subscribePort] = process.argv.slice(2, 4).map(Number)
const [certFile, keyFile] = process.argv.slice(4)
const listenOptions = { host: '127.0.0.1', backlog: 4096 }
const subscribers = new Map()

function topicOf(request) {
  return decodeURIComponent(request.url.slice(1)) || 'default'
}

function serve(port, onConnection) {
  const http = certFile === undefined ? createServer() : createSecureServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) })
  const server = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: false })
  server.on('connection', (socket, request) => {
    socket.on('error', () => {})
    onConnection(socket, topicOf(request))
  })
  http.listen({ port, ...listenOptions })
}

serve(subscribePort, (socket, topic) => {
  if (!subscribers.has(topic)) subscribers.set(topic, new Set())
  const clients = subscribers.get(topic)
  clients.add(socket)
  socket.on('close', () => clients.delete(socket))
})

serve(publishPort, (socket, topic) => {
  socket.on('message', (data, isBinary) => {
    for (const client of subscribers.get(topic) ?? []) {
      if (client.readyState === 1) client.send(data, { binary: isBinary })
    }
  })
})
