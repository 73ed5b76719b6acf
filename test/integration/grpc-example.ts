/** examples/grpc as its README starts it. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'
import { packageRoot } from '../../src/package-info.js'
import { startBroker } from '../support/broker-process.js'
import { exitOf, textOf } from '../support/cli.js'
import { soon } from './support/eventually.js'
import { GrpcClient } from './support/grpc-client.js'

test('what is typed is published, and what is published is printed', async (t) => {
  const { grpcPort } = await startBroker(t)
  const ear = await new GrpcClient(t, grpcPort).subscribe('chat')
  const file = join(packageRoot, 'examples/grpc/client.mjs')
  const child = spawn(process.execPath, [file, 'chat', `127.0.0.1:${grpcPort}`], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const said = textOf(child.stdout)
  child.stdin.end('hello\nGrüße\n')
  t.strictSame(await soon('its end', exitOf(child)), { code: 0, signal: null })
  await ear.has(2)
  t.strictSame(ear.received.map(({ author, data }) => [author, data]), [[child.pid, 'hello'], [child.pid, 'Grüße']])
  t.match(said(), '2 published')
})
