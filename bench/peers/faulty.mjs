// A server that is wrong on purpose, to show that the load generator notices: each mode spoils every hundredth delivery.
// Owner: bench/check-load.ts. Thread: the server's own process. Usage: faulty.mjs PUBLISH_PORT SUBSCRIBE_PORT MODE
import { WebSocketServer } from 'ws'

const [publishPort, subscribePort] = process.argv.slice(2).map(Number)
const mode = process.argv[4]
const subscribers = new Map()
let deliveries = 0

const ways = {
  none: (client, data) => client.send(data, { binary: false }),
  missing: () => {},
  duplicated: (client, data) => {
    client.send(data, { binary: false })
    client.send(data, { binary: false })
  },
  outOfOrder: (client, data) => setTimeout(() => client.send(data, { binary: false }), 30),
  corrupted: (client, data) => {
    const copy = Buffer.from(data)
    copy[copy.length - 10] ^= 1
    client.send(copy, { binary: false })
  },
  misrouted: (client, data, topic) => {
    for (const [other, clients] of subscribers) {
      if (other !== topic) return [...clients][0].send(data, { binary: false })
    }
  },
  closed: (client) => client.terminate(),
  protocol: (client, data) => client.send(data, { binary: false, fin: false }),
}

new WebSocketServer({ host: '127.0.0.1', port: subscribePort, perMessageDeflate: false }).on('connection', (socket, { url }) => {
  if (!subscribers.has(url)) subscribers.set(url, new Set())
  subscribers.get(url).add(socket)
  socket.on('close', () => subscribers.get(url).delete(socket))
})

new WebSocketServer({ host: '127.0.0.1', port: publishPort, perMessageDeflate: false }).on('connection', (socket, { url }) => {
  socket.on('message', (data) => {
    for (const client of subscribers.get(url) ?? []) ways[++deliveries % 100 === 0 ? mode : 'none'](client, data, url)
  })
})
