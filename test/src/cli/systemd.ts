import { EventEmitter, once } from 'node:events'
import { test } from 'tap'
import type { Logger } from 'pino'
import type { Broker } from '../../../src/broker.js'
import { notifySystemd, watchdogMs, type Notify } from '../../../src/cli/systemd.js'

function world(turnAgesMs: number[]) {
  const warned: string[] = []
  const said: string[][] = []
  const told = new EventEmitter()
  const broker = { listeners: [1, 2], draining: false, port: { engine: { status: () => ({ turnAgesMs }) } } } as unknown as Broker
  const logger = { warn: (_details: object, message: string) => warned.push(message) } as unknown as Logger
  const notify: Notify = (words) => {
    said.push([...words])
    told.emit('said')
  }
  return { warned, said, told, broker, logger, notify }
}

function withoutSignals(t: { teardown(task: () => unknown): void }): void {
  const before = (['SIGTERM', 'SIGINT'] as const).map((signal) => [signal, process.listeners(signal)] as const)
  t.teardown(() => {
    for (const [signal, listeners] of before) for (const each of process.listeners(signal)) if (!listeners.includes(each)) process.off(signal, each)
  })
}

test('how often systemd wants to hear of it', async (t) => {
  t.equal(watchdogMs({ WATCHDOG_USEC: '30000000' }), 15_000)
  t.equal(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(process.pid) }), 15_000)
  for (const env of [{}, { WATCHDOG_USEC: '0' }, { WATCHDOG_USEC: 'x' }, { WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' }]) t.equal(watchdogMs(env), null, JSON.stringify(env))
})

test('where nobody asked nothing is said', async (t) => {
  const { said, warned, broker, logger, notify } = world([0])
  notifySystemd(broker, logger, {}, notify)
  t.strictSame([said, warned], [[], []])
  notifySystemd(broker, logger, { LISTEN_FDS: '2' }, notify)
  t.match(warned, [/LISTEN_FDS.* are not used/])
})

test('ready, and while every shard turns that it lives', async (t) => {
  withoutSignals(t)
  const { said, told, broker, logger, notify } = world([3, 5])
  notifySystemd(broker, logger, { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '20000' }, notify)
  t.strictSame(said, [['--ready', '--status=ready: 2 listeners']])
  await once(told, 'said')
  t.strictSame(said[1], ['WATCHDOG=1'])
})

test('a shard that is stuck is not told to live', async (t) => {
  withoutSignals(t)
  const ages = [3, 60_000]
  const { said, told, broker, logger, notify } = world(ages)
  notifySystemd(broker, logger, { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '20000' }, notify)
  const again = once(told, 'said')
  setTimeout(() => (ages[1] = 1), 100)
  await again
  t.strictSame([said.length, ages[1]], [2, 1], 'not before it turned again')
})
