// The plain contract on uWebSockets.js: topics and publish() are native.
// Owner: bench/arms.ts. Thread: the server's own process. Usage: uws.mjs PUBLISH_PORT SUBSCRIBE_PORT [CERTIFICATE KEY]
import uws from 'uWebSockets.js'

const [publishPort, subscribePort] = process.argv.slice(2, 4).map(Number)
const [certFile, keyFile] = process.argv.slice(4)
const makeApp = () => certFile === undefined ? uws.App() : uws.SSLApp({ cert_file_name: certFile, key_file_name: keyFile })
const app = makeApp()

function upgrade(response, request, context) {
  response.upgrade(
    { topic: decodeURIComponent(request.getUrl().slice(1)) || 'default' },
    request.getHeader('sec-websocket-key'),
    request.getHeader('sec-websocket-protocol'),
    request.getHeader('sec-websocket-extensions'),
    context,
  )
}

const common = { compression: 0, maxBackpressure: 64 * 1024 * 1024, maxPayloadLength: 1024 * 1024, idleTimeout: 0, upgrade }

app.ws('/*', { ...common, open: (socket) => socket.subscribe(socket.topic) })
app.listen('127.0.0.1', subscribePort, () => {})

// publish() inside a message handler is sent at once, subscriber by subscriber. Collected over one turn of the event
// loop, publications leave in one write per subscriber: its fastest use when many publishers are active.
let collected = []

function publishCollected() {
  const publications = collected
  collected = []
  for (const { topic, data, isBinary } of publications) app.publish(topic, data, isBinary, false)
}

makeApp()
  .ws('/*', {
    ...common,
    message(socket, message, isBinary) {
      if (process.env.UWS_DIRECT) return app.publish(socket.topic, message, isBinary, false)
      if (collected.length === 0) setImmediate(publishCollected)
      collected.push({ topic: socket.topic, data: message.slice(0), isBinary })
    },
  })
  .listen('127.0.0.1', publishPort, () => {})
