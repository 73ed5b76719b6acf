import { createServer } from 'node:net'
import { test } from 'tap'
import { listenOnAll, listenWithNet, type Listen } from '../../../src/http/bind.js'

function address(text: string, port = 0, optional = false) {
  return { address: text, port, optional }
}

/** Ports are given out in order; those in `taken` are somebody else's, addresses in `absent` do not exist. */
function fakeSystem(taken: readonly string[], absent: readonly string[] = []) {
  const open = new Set<string>()
  let nextPort = 1
  const listen: Listen = async (host, wanted) => {
    const port = wanted === 0 ? nextPort++ : wanted
    const name = `${host}:${port}`
    if (absent.includes(host)) throw Object.assign(new Error('absent'), { code: 'EADDRNOTAVAIL' })
    if (taken.includes(name) || open.has(name)) throw Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
    open.add(name)
    return {
      address: host, port,
      close: async () => {
        open.delete(name)
      },
    }
  }
  return { listen, open }
}

test('one free port for all addresses', async (t) => {
  const { listen, open } = fakeSystem(['b:1', 'c:2'])
  const bound = await listenOnAll([address('a'), address('b'), address('c')], listen)
  t.strictSame(bound.map(({ address: host, port }) => `${host}:${port}`), ['a:3', 'b:3', 'c:3'])
  t.strictSame([...open], ['a:3', 'b:3', 'c:3'], 'what was tried before is free again')
})

test('it gives up in the end', async (t) => {
  const taken = Array.from({ length: 100 }, (_, at) => `b:${at + 1}`)
  const { listen, open } = fakeSystem(taken)
  await t.rejects(listenOnAll([address('a'), address('b')], listen), { name: 'ListenError', code: 'EADDRINUSE', address: 'b' })
  t.equal(open.size, 0)
})

test('all or none', async (t) => {
  const { listen, open } = fakeSystem(['b:80'], ['::1'])
  await t.rejects(listenOnAll([address('a', 80), address('b', 80)], listen), {
    message: 'cannot listen on b:80 (api.port, --api-port): address already in use (EADDRINUSE)', code: 'EADDRINUSE', port: 80,
  })
  t.equal(open.size, 0)
  await t.rejects(listenOnAll([address('a', 80), address('::1', 80)], listen), { message: /^cannot listen on \[::1\]:80 \(/ })
  t.equal((await listenOnAll([address('a', 80), address('::1', 80, true)], listen)).length, 1, 'an optional one may be missing')
  await t.rejects(listenOnAll([address('a', 80, true)], listen), { code: 'EADDRINUSE' }, 'but not be taken')
})

test('the system', async (t) => {
  const listen = listenWithNet((socket) => socket.destroy())
  const bound = await listen('127.0.0.1', 0)
  const rival = createServer()
  t.teardown(() => rival.close())
  await t.rejects(listen('127.0.0.1', bound.port), { code: 'EADDRINUSE' })
  await bound.close()
  await new Promise<void>((resolve) => rival.listen(bound.port, '127.0.0.1', resolve))
  t.pass('the port is free again')
})
