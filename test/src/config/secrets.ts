import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, inspect } from 'node:util'
import { test } from 'tap'
import { parseOptions } from '../../../src/config/parse.js'
import { hideSecrets, holdsSecret, isSecretAt, readableSecretWarning, readSecretFile, shownUrl, writtenSecret } from '../../../src/config/secrets.js'

test('a secret is shown nowhere', async (t) => {
  const secret = writtenSecret('s3cret-value')
  for (const text of [`${secret}`, String(secret), JSON.stringify({ secret }), inspect({ secret }, { depth: 9, showHidden: true }), format('%o %s %j', secret, secret, secret),
    JSON.stringify(Object.entries(secret))]) t.notMatch(text, /s3cret/)
  t.equal(secret.reveal().toString(), 's3cret-value')
})

test('files', async (t) => {
  const folder = t.testdir({ plain: 'abc', line: 'abc\n', windows: 'abc\r\n', lines: 'abc\n\n', spaces: ' abc ', empty: '', big: 'x'.repeat(64 * 1024 + 1), folder: {} })
  const read = (name: string) => readSecretFile(join(folder, name)).reveal().toString()
  t.equal(read('plain'), 'abc')
  t.equal(read('line'), 'abc')
  t.equal(read('windows'), 'abc')
  t.equal(read('lines'), 'abc\n', 'one end of a line only')
  t.equal(read('spaces'), ' abc ')
  t.equal(read('empty'), '')
  for (const [name, why] of [['none', 'ENOENT'], ['big', 'more than'], ['folder', 'EISDIR']] as const) {
    t.throws(() => read(name), { message: new RegExp(`^must name a readable file .*, got: ${join(folder, name)} \\(.*${why}`) })
  }
})

test('a configuration is shown without its secrets', async (t) => {
  const config = {
    api: { token: 'abc', port: 8000 }, pusher: { apps: [{ id: '1', secret: 'abc' }] }, secret: writtenSecret('abc'),
    auth: { tokens: [{ name: 'a', secret: 'abc' }, { name: 'b', secretFile: '/run/b' }], jwt: null }, tls: { passphrase: { deep: ['abc'] } }, none: { token: null },
  }
  const shown = JSON.stringify(config, hideSecrets)
  t.notMatch(shown, /abc/)
  t.match(JSON.parse(shown), { api: { token: '(hidden)', port: 8000 }, auth: { tokens: [{ name: 'a' }, { secretFile: '/run/b' }] }, none: { token: null } })
})

test('where a secret stands, or a text in its place', async (t) => {
  for (const [path, value] of [
    [['api', 'token'], 'abc'], [['auth', 'tokens', 0, 'secret'], 'abc'], [['auth', 'tokens', 0], 'abc'], [['auth', 'tokens'], 'abc'], [['auth', 'jwt', 'keys', 1], 5],
    [['pusher', 'apps', 0], 'abc'], [['auth', 'tokens', 0, 'secret'], ['abc']],
  ] as const) t.ok(isSecretAt(path, value), path.join('.'))
  for (const [path, value] of [
    [['api', 'port'], 'abc'], [['api', 'token'], null], [['api', 'token'], undefined], [['auth', 'tokens', 0, 'name'], 'abc'], [['auth', 'tokens', 0], {}], [['cpus', 0], 'abc'],
    [[], 'abc'],
  ] as const) t.notOk(isSecretAt(path, value), path.join('.'))
})

test('a file with a secret that everybody may read', async (t) => {
  const file = join(t.testdir({}), 'broker.yaml')
  writeFileSync(file, '')
  const document = { auth: { tokens: [{ name: 'feed', secret: 'abc' }] } }
  for (const [mode, warns] of [[0o644, true], [0o604, true], [0o640, false], [0o600, false]] as const) {
    chmodSync(file, mode)
    const warning = readableSecretWarning(file, document)
    t.equal(warning !== null, warns, mode.toString(8))
    if (warns) t.match(warning, new RegExp(`^${file} holds a secret and everybody may read it \\(mode 0${mode.toString(8)}\\): chmod o-r`))
  }
  chmodSync(file, 0o644)
  for (const harmless of [{}, null, { auth: { tokens: [{ name: 'feed', secretFile: '/run/feed' }] } }, { api: { token: null } }]) {
    t.equal(readableSecretWarning(file, harmless), null)
    t.notOk(holdsSecret(harmless))
  }
})

test('URLs', async (t) => {
  t.equal(shownUrl(new URL('https://user:pass@auth.example:8443/decide?key=abc#x')), 'https://auth.example:8443/decide')
})

test('what a URL holds beside its address is shown nowhere', async (t) => {
  const shown = (value: unknown) => JSON.parse(JSON.stringify(value, hideSecrets)) as unknown
  t.strictSame(shown({ webhook: { url: 'https://user:pass@auth.example:8443/decide?key=abc#x' } }), { webhook: { url: 'https://(hidden)@auth.example:8443/decide?(hidden)' } })
  t.strictSame(shown(['HTTP://user@h', 'ftp://a:b@c@h/', 'https://h/x?', 'https://h/a@b', 'unix:/run/a?b', 'topic?x']),
    ['HTTP://(hidden)@h', 'ftp://(hidden)@h/', 'https://h/x?(hidden)', 'https://h/a@b', 'unix:/run/a?b', 'topic?x'])
  for (const auth of [{ webhook: { url: 'http://user:hunter2@h/?key=hunter2' } }, { jwt: { jwksUrl: 'http://h.example/?key=hunter2' } }, { webhook: 'ftp://user:hunter2@h/' }]) {
    t.throws(() => parseOptions({ auth }), { name: 'ConfigError', message: /^(?![^]*hunter2)[^]*\(hidden\)/ })
  }
})
