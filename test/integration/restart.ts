/** A broker that ended, well or badly, can start again on its port at once. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { runCli } from '../support/cli.js'
import { fixedPort } from './support/fixed-port.js'
import { connect, connectMany } from './support/ws-client.js'

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`after ${signal}`, async (t) => {
    const port = String(await fixedPort())
    const args = ['--subscribe-port', port]
    for (let life = 0; life < 3; life += 1) {
      const broker = await startBroker(t, { args })
      t.equal(broker.subscribePort, Number(port))
      const readers = await connectMany(t, 20, broker.subscribeUrl)
      const writer = await connect(t, broker.publishUrl)
      await writer.send('hello')
      await Promise.all(readers.map((reader) => reader.has(1)))
      const exit = await broker.stop(signal)
      t.strictSame(exit, signal === 'SIGTERM' ? { code: 0, signal: null } : { code: null, signal })
      const codes = await Promise.all(readers.map(async (reader) => (await reader.closed).code))
      t.ok(codes.every((code) => code === (signal === 'SIGTERM' ? 1001 : 1006)), `all were closed: ${codes[0]}`)
    }
  })
}

test('a port in use: one line, exit 1, and the other one lives on', async (t) => {
  const broker = await startBroker(t)
  const port = broker.subscribePort
  const ports = ['--publish-port', '0', '--subscribe-port', String(port), '--api-port', '0', '--grpc-port', '0']
  const { code, stdout, stderr } = await runCli(['start', ...ports])
  t.equal(stderr, `broker: cannot listen on 127.0.0.1:${port} (subscribe.port, --subscribe-port): address already in use (EADDRINUSE)\n`)
  t.equal(stdout, '')
  t.equal(code, 1)
  const reader = await connect(t, broker.subscribeUrl)
  const writer = await connect(t, broker.publishUrl)
  await writer.send('still here')
  await reader.has(1)
})
