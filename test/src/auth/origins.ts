import { test } from 'tap'
import { isListed, isOwnPage } from '../../../src/auth/origins.js'

test('listed origins', async (t) => {
  const origins = ['https://shop.example', 'http://localhost:3000']
  for (const origin of ['https://shop.example', 'HTTPS://Shop.Example', 'http://localhost:3000']) t.ok(isListed(origins, origin), origin)
  for (const origin of ['null', '', 'https://shop.example:443', 'http://shop.example', 'https://shop.example.evil', 'https://a.shop.example', 'https://shop.example, https://evil']) {
    t.notOk(isListed(origins, origin), origin)
  }
  t.ok(isListed(['*'], 'null'))
  t.notOk(isListed([], 'https://shop.example'))
})

test('pages of this machine', async (t) => {
  for (const origin of ['http://localhost', 'https://LOCALHOST:3000', 'http://127.0.0.1:8000', 'http://127.9.9.9', 'http://[::1]:1']) t.ok(isOwnPage(origin), origin)
  for (const origin of [
    'null', '', 'http://', 'https://evil.example', 'http://localhost.evil.example', 'http://localhost@evil.example', 'http://evil.example/localhost', 'file://', 'http://10.0.0.1',
    'http://localhost, http://evil.example', 'ftp://localhost', 'http://[::2]', 'http://[::1', 'http://127.0.0.1.evil.example', 'http://localhost:port', 'http://localhost#',
    'http://2130706433', 'http://::1',
  ]) t.notOk(isOwnPage(origin), origin)
})
