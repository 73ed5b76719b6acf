import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'tap'
import { startedByNpx } from '../../../src/cli/npx.js'
import { startBroker } from '../../support/broker-process.js'
import { commandFile, textOf } from '../../support/cli.js'

test('npx leaves a mark', async (t) => {
  t.ok(startedByNpx({ npm_lifecycle_event: 'npx' }))
  t.notOk(startedByNpx({ npm_lifecycle_event: 'start' }))
  t.notOk(startedByNpx({}))
})

test('under npx, two signals at once are one', async (t) => {
  const broker = await startBroker(t, { env: { npm_lifecycle_event: 'npx' } })
  broker.process.kill('SIGINT')
  t.strictSame(await broker.stop('SIGINT'), { code: 0, signal: null })
})

test('under npx, the broker ends after the shell that started it', async (t) => {
  const start = `"${process.execPath}" "${commandFile}" start --publish-port 0 --subscribe-port 0 --log-format json; true`
  const shell = spawn('sh', ['-c', start], {
    env: { ...process.env, npm_lifecycle_event: 'npx' }, stdio: ['ignore', 'pipe', 'inherit'], detached: true,
  })
  t.teardown(() => {
    try {
      process.kill(-(shell.pid as number), 'SIGKILL')
    } catch {
      // Both have ended, as they should.
    }
  })
  let text = ''
  shell.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (chunk.includes('"ready"')) shell.kill('SIGTERM')
  })
  await once(shell.stdout, 'close')
  t.match(text, /"event":"draining","msg":"npx has ended: /)
  t.match(text, /"event":"stopped"/)
})

test('under npx, a subscriber ends after the shell that started it', async (t) => {
  const broker = await startBroker(t, { args: ['--log-level', 'debug'] })
  const shell = spawn('sh', ['-c', `"${process.execPath}" "${commandFile}" sub prices --url ${broker.subscribeUrl}; true`], {
    env: { ...process.env, npm_lifecycle_event: 'npx' }, stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stderr = textOf(shell.stderr)
  await broker.logged(({ event }) => event === 'connection')
  shell.kill('SIGKILL')
  t.match(await broker.logged(({ event }) => event === 'disconnect'), { code: 1000 })
  t.equal(stderr(), '')
})
