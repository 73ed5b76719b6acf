import { test } from 'tap'
import { resolveListeners } from '../../../src/engine/hosts.js'
import type { Resolve } from '../../../src/machine/resolve.js'

const resolve: Resolve = async (host) => {
  if (host === 'none') throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' })
  return ['10.0.0.7', '10.0.0.8']
}

async function listeners(hosts: string[] | undefined): Promise<string[]> {
  const found = await resolveListeners('websocket-publish', 'publish', { hosts, port: 1, proxyProtocol: false }, resolve)
  return found.map(({ address, optional }) => `${address}${optional ? '?' : ''}`)
}

test('hosts become addresses', async (t) => {
  t.strictSame(await listeners(undefined), ['127.0.0.1', '::1?'], 'IPv6 is optional by default')
  t.strictSame(await listeners(['localhost']), ['127.0.0.1', '::1?'])
  t.strictSame(await listeners(['127.0.0.1', '::1']), ['127.0.0.1', '::1'], 'written out, it is wanted')
  t.strictSame(await listeners(['0.0.0.0', 'name', '10.0.0.7']), ['0.0.0.0', '10.0.0.7', '10.0.0.8'], 'no address twice')
})

test('a name that does not resolve', async (t) => {
  await t.rejects(listeners(['none']), {
    code: 'ERR_CONFIG', message: 'publish.hosts must be addresses or names that resolve, got: none (ENOTFOUND)',
  })
})
