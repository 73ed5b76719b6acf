// Sends back what comes in: Node's own net. Arguments: a port, or a path.

import { rmSync } from 'node:fs'
import { createServer } from 'node:net'

const [where = '0'] = process.argv.slice(2)
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (bytes) => socket.write(bytes))
  socket.on('error', () => socket.destroy())
})
if (where.startsWith('/')) {
  rmSync(where, { force: true })
  server.listen(where)
} else {
  server.listen(Number(where), '127.0.0.1')
}
