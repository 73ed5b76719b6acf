// A Pusher server that is wrong on purpose, like faulty.mjs: each mode spoils every hundredth delivery, or the answer to
// every hundredth event. Signatures are checked, so that a load generator that signs wrongly is noticed too.
// Owner: bench/check-load.ts. Thread: the server's own process. Usage: faulty-pusher.mjs PORT KEY SECRET MODE
import { createHash, createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const [port, key, secret, mode] = process.argv.slice(2)
const subscribers = new Map()
let deliveries = 0
let events = 0

const ways = {
  none: (client, text) => client.send(text),
  missing: () => {},
  duplicated: (client, text) => {
    client.send(text)
    client.send(text)
  },
  outOfOrder: (client, text) => setTimeout(() => client.send(text), 30),
  corrupted: (client, text) => client.send(text.replace(/.(?=\\"}"}$)/, '.')),
  misrouted: (client, text, channel) => {
    for (const [other, clients] of subscribers) {
      if (other !== channel) return [...clients][0].send(text)
    }
  },
  closed: (client) => client.terminate(),
  protocol: (client) => client.send('{"event":"pusher:error","data":{"code":4301,"message":"on purpose"}}'),
  refused: (client, text) => client.send(text),
}

function deliver({ name, channel, data }) {
  const text = JSON.stringify({ event: name, channel, data })
  for (const client of subscribers.get(channel) ?? []) ways[++deliveries % 100 === 0 ? mode : 'none'](client, text, channel)
}

function isSigned({ method, url }, body) {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const { auth_signature: signature, ...signed } = Object.fromEntries(searchParams)
  const query = Object.entries(signed).sort(([a], [b]) => a < b ? -1 : 1).map(([name, value]) => `${name}=${value}`).join('&')
  const expected = createHmac('sha256', secret).update(`${method}\n${pathname}\n${query}`).digest('hex')
  const near = Math.abs(Date.now() / 1000 - signed.auth_timestamp) < 600
  return near && signed.auth_key === key && signed.body_md5 === createHash('md5').update(body).digest('hex') && signature === expected
}

const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => { body += chunk })
  request.on('end', () => {
    const refused = !isSigned(request, body) || (mode === 'refused' && ++events % 100 === 0)
    if (!refused) deliver(JSON.parse(body))
    const answer = refused ? 'no' : '{}'
    response.writeHead(refused ? 401 : 200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer)
  })
})

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  socket.send(JSON.stringify({ event: 'pusher:connection_established', data: JSON.stringify({ socket_id: '1.1', activity_timeout: 120 }) }))
  socket.on('message', (message) => {
    const { event, data } = JSON.parse(message)
    if (event !== 'pusher:subscribe') return
    if (!subscribers.has(data.channel)) subscribers.set(data.channel, new Set())
    subscribers.get(data.channel).add(socket)
    socket.on('close', () => subscribers.get(data.channel).delete(socket))
    socket.send(JSON.stringify({ event: 'pusher_internal:subscription_succeeded', channel: data.channel, data: '{}' }))
  })
})

server.listen(Number(port), '127.0.0.1')
