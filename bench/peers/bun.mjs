// The plain contract on Bun's own server: topics and publish() are native, JavaScript runs once per publication.
// Owner: bench/arms.ts. Thread: the server's own process. Usage: bun bun.mjs PUBLISH_PORT SUBSCRIBE_PORT [CERTIFICATE KEY]
const [publishPort, subscribePort] = process.argv.slice(2, 4).map(Number)
const [certFile, keyFile] = process.argv.slice(4)
const tls = certFile === undefined ? undefined : { cert: Bun.file(certFile), key: Bun.file(keyFile) }

function topicOf(request) {
  return decodeURIComponent(new URL(request.url).pathname.slice(1)) || 'default'
}

function serve(port, websocket) {
  return Bun.serve({
    port,
    hostname: '127.0.0.1',
    tls,
    fetch(request, server) {
      if (server.upgrade(request, { data: { topic: topicOf(request) } })) return undefined
      return new Response('expected a WebSocket handshake', { status: 400 })
    },
    websocket: { perMessageDeflate: false, backpressureLimit: 64 * 1024 * 1024, ...websocket },
  })
}

const subscribers = serve(subscribePort, {
  open(socket) {
    socket.subscribe(socket.data.topic)
  },
  message() {},
})

serve(publishPort, {
  message(socket, message) {
    subscribers.publish(socket.data.topic, message)
  },
})
