// Two servers, one in front of the other: starts the front when the other listens, ends both, and ends when one of them does.
// Owner: bench/arms.ts. Thread: a process of its own. Usage: in-front.mjs PORT_BEHIND FRONT ARGUMENT... -- BEHIND ARGUMENT...
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const words = process.argv.slice(3)
const border = words.indexOf('--')
const children = []

function end() {
  for (const child of children) child.kill('SIGTERM')
}

function start([program, ...args]) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  child.once('error', (error) => { process.stderr.write(`${error.message}\n`); end() })
  child.once('exit', () => { process.exitCode ??= 1; end() })
  children.push(child)
  return child
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => resolve(false))
  })
}

process.once('SIGTERM', end)
const behind = start(words.slice(border + 1))
while (behind.exitCode === null && !(await accepts(Number(process.argv[2])))) await sleep(20)
if (behind.exitCode === null) start(words.slice(0, border))
