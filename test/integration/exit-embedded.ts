/** Every way for a program to end with a broker inside: its own exit code, no signal, no hang. */

import { test } from 'tap'
import { runScript, runUnderTraffic } from './support/script.js'

const hangMs = 2000

interface Case {
  readonly name: string
  readonly script: string
  /** null: ended by SIGTERM. */
  readonly code: number | null
  readonly stderr?: RegExp
}

/** What a program does when it is told, its broker serving 20 subscribers and a busy publisher. */
const underTraffic: readonly Case[] = [
  { name: 'process.exit', script: 'process.exit(7)', code: 7 },
  { name: 'an uncaught exception', script: 'setImmediate(() => { throw new Error("oops") })', code: 1, stderr: /Error: oops/ },
  { name: 'an unhandled rejection', script: 'Promise.reject(new Error("nobody cares"))', code: 1, stderr: /Error: nobody cares/ },
  {
    name: 'process.exit inside an event', code: 8,
    script: 'broker.on("warning", () => process.exit(8)); provokeWarning(broker)',
  },
  {
    name: 'an exception inside an event', code: 1, stderr: /TypeError: late/,
    script: 'broker.on("warning", () => { throw new TypeError("late") }); provokeWarning(broker)',
  },
  { name: 'stop, then nothing is left to do', script: 'broker.stop(); process.stdin.destroy()', code: 0 },
  {
    name: 'stop twice, close after it', code: 0,
    script: 'broker.stop(); broker.stop(); await broker.close(); process.stdin.destroy()',
  },
  { name: 'close', script: 'await broker.close({ drainMs: 100 }); process.stdin.destroy()', code: 0 },
  { name: 'exit during close', script: 'broker.close({ drainMs: 100000 }); setImmediate(() => process.exit(9))', code: 9 },
  {
    name: 'exit between publications', code: 6,
    script: `for (let i = 0; i < 50; i += 1) setImmediate(() => broker.publish('default', 'x'))
      setImmediate(() => process.exit(6))`,
  },
  { name: 'SIGTERM that nobody handles', script: 'process.kill(process.pid, "SIGTERM")', code: null },
]

for (const { name, script, code, stderr = /^$/ } of underTraffic) {
  test(name, async (t) => {
    const result = await runUnderTraffic(t, `const broker = await start(); tell(portsOf(broker)); await told(); ${script}`)
    t.match(result.stderr, stderr)
    t.strictSame([result.code, result.signal], code === null ? [null, 'SIGTERM'] : [code, null])
    t.ok(result.ms < hangMs, `no hang, took ${result.ms.toFixed(0)} ms`)
  })
}

const alone: readonly Case[] = [
  { name: 'exit at once', script: 'await start(); process.exit(5)', code: 5 },
  { name: 'exit while it starts', script: 'start(); setImmediate(() => process.exit(5))', code: 5 },
  {
    name: 'two brokers at a time', code: 4,
    script: `const brokers = await Promise.all([start(), start()])
      for (const broker of brokers) broker.publish('x', '1')
      process.exit(4)`,
  },
  {
    name: 'a hundred brokers, one after another', code: 0,
    script: `for (let i = 0; i < 100; i += 1) {
      const broker = await start()
      broker.publish('x', '1')
      await broker.close()
    }`,
  },
  {
    name: 'stopped, forgotten and collected', code: 0,
    script: `const broker = await start()
      broker.stop()
      for (let i = 0; i < 200; i += 1) new Uint8Array(1e6)`,
  },
]

for (const { name, script, code } of alone) {
  test(name, async (t) => {
    const result = await runScript(t, script)
    t.equal(result.stderr, '')
    t.strictSame([result.code, result.signal], [code, null])
  })
}
