/** A client on the port of the other role is told, and so is who runs the broker. */

import { test } from 'tap'
import { startBroker } from '../support/broker-process.js'
import { runCli } from '../support/cli.js'
import { frame, opcodes } from './support/frames.js'
import { openRaw, RawClient } from './support/raw-client.js'

test('the answer says what a listener is for', async (t) => {
  const { publishPort, subscribePort } = await startBroker(t)
  t.match(await new RawClient(t, { host: '127.0.0.1', port: publishPort }).upgrade(), /\r\nBroker-Role: publish\r\n/)
  t.match(await new RawClient(t, { host: '127.0.0.1', port: subscribePort }).upgrade(), /\r\nBroker-Role: subscribe\r\n/)
})

test('pub and sub on the wrong port', async (t) => {
  const { publishUrl, subscribeUrl, publishPort, subscribePort } = await startBroker(t)
  t.strictSame(await runCli(['pub', 'a', 'hello', '--url', subscribeUrl]), {
    code: 1, signal: null, stdout: '', stderr: `broker: 127.0.0.1:${subscribePort} is the port to subscribe (8001 is the usual one to publish): see --url\n`,
  })
  t.strictSame(await runCli(['sub', 'a', '--url', publishUrl]), {
    code: 1, signal: null, stdout: '', stderr: `broker: 127.0.0.1:${publishPort} is the port to publish (8002 is the usual one to subscribe): see --url\n`,
  })
})

test('messages to the subscribe port are warned of, once a topic', async (t) => {
  const { subscribePort, log, logged } = await startBroker(t)
  for (const topic of ['a', 'a', 'b']) {
    const client = await openRaw(t, subscribePort, `/${topic}`)
    client.write(Buffer.concat([frame({ opcode: opcodes.text, payload: 'lost' }), frame({ opcode: opcodes.text, payload: 'lost' }), frame({ opcode: opcodes.ping, payload: 'x' })]))
    await client.frame()
  }
  await logged(({ event, msg }) => event === 'message-ignored' && msg.includes(' b '))
  t.strictSame(log.filter(({ event }) => event === 'message-ignored').map(({ msg }) => msg), [
    'a message for a came to a subscribe port and was ignored; publishers connect to the publish port',
    'a message for b came to a subscribe port and was ignored; publishers connect to the publish port',
  ])
})
