/** Every way for a program, or a worker, to end with a broker and its HTTP API inside: its own exit code, no signal, no hang. */

import { test } from 'tap'
import { loadUws } from '../../src/http/uws-module.js'
import { runScript, workerUrl } from './support/script.js'

interface Case {
  readonly name: string
  readonly script: string
  /** null: ended by SIGTERM. */
  readonly code: number | null
  readonly stderr?: RegExp
}

/** Those that run here; uWebSockets.js has no binaries for some versions of Node. */
const servers = await loadUws() === null ? ['node', 'auto'] as const : ['node', 'auto', 'uws'] as const
const ways: readonly Case[] = [
  { name: 'exit at once', script: 'process.exit(5)', code: 5 },
  { name: 'exit with a request under way', script: 'connect(port, "127.0.0.1").write("GET / HT"); setImmediate(() => process.exit(5))', code: 5 },
  { name: 'an uncaught exception', script: 'setImmediate(() => { throw new Error("oops") })', code: 1, stderr: /Error: oops/ },
  { name: 'stop', script: 'broker.stop()', code: 0 },
  { name: 'close', script: 'await broker.close()', code: 0 },
  { name: 'close with an idle connection', script: 'connect(port, "127.0.0.1", () => broker.close({ drainMs: 100 }))', code: 0 },
  { name: 'exit during close', script: 'broker.close(); setImmediate(() => process.exit(9))', code: 9 },
  { name: 'SIGTERM that nobody handles', script: 'process.kill(process.pid, "SIGTERM")', code: null },
]

for (const server of servers) {
  test(`a program with the API on ${server}`, async (t) => {
    await Promise.all(ways.map(async ({ name, script, code, stderr = /^$/ }) => {
      const result = await runScript(t, `
        const broker = await start({ api: { port: 0, server: '${server}' } })
        const { port } = broker.api[0]
        await fetch('http://127.0.0.1:' + port + '/live', { headers: { connection: 'close' } }).then((answer) => answer.text())
        ${script}`)
      t.match(result.stderr, stderr, name)
      t.strictSame([result.code, result.signal], code === null ? [null, 'SIGTERM'] : [code, null], name)
    }))
  })
}

/** A worker with the API: ended from within, from outside, and refused where its server cannot run there. */
const withApi = (server: string, then: string) => workerUrl(`
  const broker = await start({ api: { port: 0, server: '${server}' } })
  await fetch('http://127.0.0.1:' + broker.api[0].port + '/live').then((answer) => answer.text())
  ${then}`)

for (const server of ['node', 'auto'] as const) {
  test(`a worker with the API on ${server} ends in every way`, async (t) => {
    const result = await runScript(t, `
      const run = (url) => new Promise((resolve, reject) => {
        new Worker(url).on('error', reject).on('exit', (code) => {
          console.log('worker', code)
          resolve()
        })
      })
      await run(${withApi(server, 'process.exit(3)')})
      await run(${withApi(server, 'await broker.close(); await fetch("http://127.0.0.1:1").catch(() => {})')})
      const worker = new Worker(${withApi(server, 'parentPort.postMessage("ready")')})
      await new Promise((resolve) => worker.once('message', resolve))
      await worker.terminate()
      console.log('terminated')`)
    t.strictSame([result.code, result.signal], [0, null], 'exit', { stderr: result.stderr })
    t.equal(result.stdout, 'worker 3\nworker 0\nterminated\n')
  })
}

test('a worker with the API on uWebSockets.js is refused, and its process lives', async (t) => {
  const result = await runScript(t, `
    const worker = new Worker(${withApi('uws', '')})
    const [error] = await new Promise((resolve) => worker.once('error', (...args) => resolve(args)))
    console.log(error.message)`)
  t.strictSame([result.code, result.signal], [0, null], 'exit', { stderr: result.stderr })
  t.equal(result.stdout, 'api.server must be auto or node (uWebSockets.js cannot run in a worker thread, whose end would abort the process), got: uws\n')
})
