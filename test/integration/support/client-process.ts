/** Holds connections until it is killed: node client-process.ts SUBSCRIBE_URL COUNT. Tells its parent when all are open. */

import { once } from 'node:events'
import { WebSocket } from 'ws'

const [url = '', count = '1'] = process.argv.slice(2)
const sockets = Array.from({ length: Number(count) }, () => new WebSocket(url))
await Promise.all(sockets.map((socket) => once(socket, 'open')))
process.send?.('open')
