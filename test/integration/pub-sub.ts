/** The commands `pub` and `sub` against a broker. */

import { test } from 'tap'
import { startBroker, type BrokerProcess } from '../support/broker-process.js'
import { exitOf, runCli, spawnCli, textOf } from '../support/cli.js'

interface Test {
  teardown(task: () => unknown): void
}

/** Starts `broker sub` and resolves when the broker has seen it: a connection for each topic. */
async function startSub(t: Test, broker: BrokerProcess, args: readonly string[]) {
  const child = spawnCli({ args: ['sub', '--url', broker.subscribeUrl, ...args] })
  t.teardown(() => child.kill('SIGKILL'))
  const output = { stdout: textOf(child.stdout), stderr: textOf(child.stderr), exit: exitOf(child) }
  const topics = args.filter((arg, at) => !arg.startsWith('-') && args[at - 1] !== '--count')
  await Promise.all(topics.map((topic) => broker.logged((line) => line['protocol'] === 'websocket-subscribe' && String(line['topics']) === topic)))
  return { child, ...output }
}

test('sub --count ends by itself', async (t) => {
  const broker = await startBroker(t, { args: ['--log-level', 'debug'] })
  const sub = await startSub(t, broker, ['news', 'sport', '--count', '3'])
  const url = broker.publishUrl
  t.match(await runCli(['pub', 'news', 'one', '--url', url]), { code: 0, stdout: '', stderr: '' })
  t.match(await runCli(['pub', 'sport', '-', '--url', url], { input: 'two\nthree\nfour\n' }), { code: 0, stdout: '', stderr: '' })
  t.strictSame(await sub.exit, { code: 0, signal: null })
  t.equal(sub.stdout(), 'news\tone\nsport\ttwo\nsport\tthree\n')
  t.equal(sub.stderr(), '')
})

test('topics with every kind of character', async (t) => {
  const broker = await startBroker(t, { args: ['--log-level', 'debug'] })
  const topic = 'a/b?c#d%20&=+é 😀'
  const sub = await startSub(t, broker, [topic, '--count', '1'])
  t.match(await runCli(['pub', topic, 'hello', '--url', broker.publishUrl]), { code: 0 })
  t.equal((await sub.exit).code, 0)
  t.equal(sub.stdout(), 'hello\n')
})

test('a broker that ends, and a message over its limit, in words', async (t) => {
  const broker = await startBroker(t, { args: ['--log-level', 'debug', '--set', 'limits.messageBytesMax=5'] })
  const refused = await runCli(['pub', 'news', 'too long', '--url', broker.publishUrl])
  t.match(refused, { code: 1, stderr: 'broker: the broker closed the connection: 1009 the message is too big\n' })
  const sub = await startSub(t, broker, ['news', '--no-reconnect'])
  await broker.stop()
  t.strictSame(await sub.exit, { code: 1, signal: null })
  t.equal(sub.stderr(), 'broker: the broker closed the connection: 1001 shutting down\n')
  t.match(await runCli(['pub', 'news', 'x', '--url', broker.publishUrl]), { code: 1, stderr: /cannot connect to .*ECONNREFUSED/ })
})
