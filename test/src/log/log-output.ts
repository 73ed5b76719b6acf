import { closeSync, openSync } from 'node:fs'
import { test } from 'tap'
import { LogOutput, writerTo } from '../../../src/log/log-output.js'
import { stalledPipe } from '../../support/stalled-pipe.js'

const limits = { waitingBytesMax: 20, fullAgainMs: 1, failedAgainMs: 1 }

/** A descriptor that takes `room` more bytes, and then fails. */
function output(room: number, code = 'EAGAIN') {
  const disk = { text: '', room, code, attempts: 0 }
  const restored: number[] = []
  const log = new LogOutput((bytes) => {
    disk.attempts += 1
    if (disk.room === 0) throw Object.assign(new Error(disk.code), { code: disk.code })
    const taken = bytes.subarray(0, disk.room)
    disk.room -= taken.length
    disk.text += Buffer.from(taken).toString()
    return taken.length
  }, (lost) => {
    restored.push(lost)
    log.write(`lost ${lost}\n`)
  }, limits)
  return { disk, log, restored }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

test('a line is written before the call returns', async (t) => {
  const { disk, log } = output(Infinity)
  log.write('one\n')
  t.equal(disk.text, 'one\n')
  log.write('two\n')
  t.equal(disk.text, 'one\ntwo\n')
  t.equal(disk.attempts, 2)
})

for (const code of ['EAGAIN', 'ENOSPC', 'EFBIG', 'EIO', 'EPIPE', 'EBADF']) {
  test(`${code}: what waits is bounded, what is lost is counted and told once, no line is cut`, async (t) => {
    const { disk, log, restored } = output(6, code)
    for (let i = 0; i < 10; i += 1) log.write(`line ${i}\n`)
    t.equal(disk.text, 'line 0', 'cut by the descriptor')
    t.equal(log.lost, 7, '1 of 7 bytes and two whole lines wait in 20 bytes')
    disk.room = Infinity
    await until(() => restored.length > 0)
    t.equal(disk.text, 'line 0\nline 1\nline 2\nlost 7\n')
    log.write('after\n')
    t.match(disk.text, /lost 7\nafter\n$/)
    t.strictSame([restored, log.lost], [[7], 7])
  })
}

test('a second loss is told with its own number', async (t) => {
  const { disk, log, restored } = output(0)
  for (const lost of [3, 5]) {
    disk.room = 0
    log.write('x'.repeat(20))
    for (let i = 0; i < lost; i += 1) log.write('y\n')
    disk.room = Infinity
    await until(() => restored.at(-1) === lost)
  }
  t.strictSame([restored, log.lost], [[3, 5], 8])
})

test('a line that is longer than all that may wait is lost, whatever else', async (t) => {
  const { disk, log } = output(Infinity)
  log.write('x'.repeat(21))
  t.equal(log.lost, 1)
  log.write('a\n')
  t.equal(disk.text, 'a\nlost 1\n')
})

test('while nothing can be written, a line is not an attempt', async (t) => {
  const { disk, log } = output(0)
  for (let i = 0; i < 100; i += 1) log.write('x')
  t.equal(disk.attempts, 1)
  log.end(0)
})

test('the end waits for a slow reader, not for a full disk, and not for ever', async (t) => {
  const slow = output(0)
  slow.log.write('the last\n')
  let asked = 0
  Object.defineProperty(slow.disk, 'room', { get: () => (asked += 1) < 3 ? 0 : 100, set: () => {} })
  slow.log.end(10_000)
  t.equal(slow.disk.text, 'the last\n')
  const full = output(0, 'ENOSPC')
  full.log.write('the last\n')
  full.log.end(60_000) // a hang, if it waited
  const stuck = output(0)
  stuck.log.write('the last\n')
  stuck.log.end(1)
  t.equal(stuck.disk.text, '')
})

test('a pipe that nobody reads does not stop the writer, whoever else has it', async (t) => {
  const pipe = stalledPipe(t)
  const log = new LogOutput(writerTo(pipe.writeEnd), () => {}, { ...limits, waitingBytesMax: 100 })
  log.write('waits\n') // its other end is open without O_NONBLOCK: this would hang
  t.equal(pipe.read(), '')
  let text = ''
  await until(() => (text += pipe.read()) !== '')
  t.equal(text, 'waits\n')
})

test('a full device', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.teardown(() => closeSync(full))
  const log = new LogOutput(writerTo(full), () => {}, limits)
  for (let i = 0; i < 10; i += 1) log.write('12345\n')
  t.equal(log.lost, 7)
})
