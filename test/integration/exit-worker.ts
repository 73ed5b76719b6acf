/** The addon in worker threads: alone, together with the main thread, several times in turn, ended in every way. */

import { test } from 'tap'
import { runScript, runUnderTraffic, workerUrl } from './support/script.js'

const hangMs = 2000

const serving = workerUrl(`
  const broker = await start()
  parentPort.on('message', () => { throw new Error('inside') })
  parentPort.postMessage(portsOf(broker))`)
const leaving = workerUrl(`
  const broker = await start()
  broker.publish('x', '1')
  process.exit(3)`)
const closing = workerUrl(`
  const broker = await start()
  broker.publish('x', '1')
  await broker.close()`)
const leavingInsideAnEvent = workerUrl(`
  const broker = await start()
  broker.on('warning', () => process.exit(4))
  provokeWarning(broker)`)
const loading = workerUrl('require(addonFile)')

/** What the main thread does when it is told, its worker's broker serving 20 subscribers and a busy publisher. */
const underTraffic = [
  { name: 'terminate', then: 'await worker.terminate(); process.stdin.destroy()', code: 0 },
  { name: 'process.exit of the main thread', then: 'process.exit(7)', code: 7 },
  { name: 'an exception in the main thread', then: 'setImmediate(() => { throw new Error("oops") })', code: 1 },
  {
    name: 'an exception in the worker', code: 8,
    then: 'worker.on("error", () => process.exit(8)); worker.postMessage("throw")',
  },
] as const

for (const { name, then, code } of underTraffic) {
  test(`a worker's broker under traffic: ${name}`, async (t) => {
    const result = await runUnderTraffic(t, `
      const worker = new Worker(${serving})
      worker.once('message', tell)
      await told()
      ${then}`)
    t.strictSame([result.code, result.signal], [code, null], 'exit', { stderr: result.stderr })
    t.ok(result.ms < hangMs, `no hang, took ${result.ms.toFixed(0)} ms`)
  })
}

/** `run` runs a worker to its end and prints its exit code. */
const run = `
  const run = (url) => new Promise((resolve, reject) => {
    new Worker(url).on('error', reject).on('exit', (code) => {
      console.log('worker', code)
      resolve()
    })
  })
`

const alone = [
  { name: 'a worker that closes its broker', script: `await run(${closing})`, output: 'worker 0\n' },
  { name: 'a worker that leaves with its broker running', script: `await run(${leaving})`, output: 'worker 3\n' },
  {
    name: 'a worker that leaves inside a listener of an event', output: 'worker 4\nworker 4\n',
    script: `await run(${leavingInsideAnEvent})
      await run(${leavingInsideAnEvent})`,
  },
  {
    name: 'three in turn, each loads the addon anew', output: 'worker 3\n'.repeat(3),
    script: `for (let i = 0; i < 3; i += 1) await run(${leaving})`,
  },
  {
    name: 'four at a time', output: 'worker 3\n'.repeat(4),
    script: `await Promise.all([1, 2, 3, 4].map(() => run(${leaving})))`,
  },
  {
    name: 'the main thread and a worker', output: 'worker 3\nclosed\n',
    script: `const broker = await start()
      await run(${leaving})
      broker.publish('x', '1')
      await broker.close()
      console.log('closed')`,
  },
  {
    name: 'the addon twice in one thread', output: 'function\nfunction\n',
    script: `console.log(typeof require(addonFile).createEngine)
      delete require.cache[addonFile]
      console.log(typeof require(addonFile).createEngine)`,
  },
  {
    name: 'workers that only load it', output: 'worker 0\n'.repeat(2),
    script: `await run(${loading})
      await run(${loading})`,
  },
] as const

for (const { name, script, output } of alone) {
  test(name, async (t) => {
    const result = await runScript(t, run + script)
    t.equal(result.stderr, '')
    t.strictSame([result.code, result.signal], [0, null])
    t.equal(result.stdout, output)
  })
}
