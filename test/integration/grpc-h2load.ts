/** h2load (nghttp2): many unary calls on few connections, by another implementation of HTTP/2 that uses HPACK's table and Huffman. */

import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { GrpcClient } from './support/grpc-client.js'

const run = promisify(execFile)
const missing = spawnSync('h2load', ['--version']).status !== 0
const why = 'no h2load: install it (Debian: nghttp2-client) to run it'

test('every call is answered, and every publication received', { skip: missing ? why : false }, async (t) => {
  const { grpcPort } = await startBroker(t)
  const stream = await new GrpcClient(t, grpcPort).subscribe('load')
  const message = Buffer.from([0x12, 5, ...Buffer.from('hello')])
  const body = `${t.testdir()}/body`
  writeFileSync(body, Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]))
  const headers = ['content-type: application/grpc', 'te: trailers', 'topic: load'].flatMap((header) => ['-H', header])
  const url = `http://127.0.0.1:${grpcPort}/broker.v1.MessageService/PublishOne`
  const { stdout } = await run('h2load', ['-n', '5000', '-c', '5', '-m', '50', '-d', body, ...headers, url])
  t.match(stdout, /5000 total, 5000 started, 5000 done, 5000 succeeded, 0 failed, 0 errored/)
  await stream.has(5000)
  t.ok(stream.received.every(({ author, data }) => author === 0 && data === 'hello'))
})
