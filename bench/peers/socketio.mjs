// The same on Socket.IO: the topic is a room, the WebSocket transport only, as its performance guide recommends. A message
// is a JSON argument, so it is parsed and written again: once per publication, not per subscriber (rooms share the packet).
// Owner: bench/arms.ts. Thread: the server's own process. Usage: socketio.mjs PUBLISH_PORT SUBSCRIBE_PORT
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const [publishPort, subscribePort] = process.argv.slice(2).map(Number)

function serve(port) {
  const http = createServer()
  const server = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })
  http.listen({ port, host: '127.0.0.1', backlog: 4096 })
  return server
}

const subscribers = serve(subscribePort)
subscribers.on('connection', (socket) => socket.join(socket.handshake.query.topic))

serve(publishPort).on('connection', (socket) => {
  const { topic } = socket.handshake.query
  socket.on('m', (message) => subscribers.to(topic).emit('m', message))
})
