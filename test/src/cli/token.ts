import { test } from 'tap'
import { runCli } from '../../support/cli.js'
import { tokenFiles } from '../../support/auth/token-files.js'

test('create, decode and verify, as a user does it', async (t) => {
  const path = tokenFiles(t)
  const created = await runCli(['token', 'create', '--secret-file', path('jwt.secret'), '--sub', 'alice', '--subscribe', 'prices/*', 'users/{sub}/**', '--api', 'read'])
  t.match(created, { code: 0, stdout: /^[\w-]+\.[\w-]+\.[\w-]+\n$/, stderr: '' })
  t.match(await runCli(['token', 'decode', created.stdout.trim()]), { code: 0, stdout: /"sub": "alice"/, stderr: '' })
  const verified = await runCli(['token', 'verify', '--subscribe', 'users/alice/in'], { env: { BROKER_CONFIG: path('broker.yaml') }, input: created.stdout })
  t.match(verified, { code: 0, stderr: '' })
  t.match(JSON.parse(verified.stdout), { way: 'jwt', subject: 'alice', grants: { subscribe: ['prices/*', 'users/alice/**'], api: ['read'] } })
  const refused = await runCli(['token', 'verify', '--config', path('broker.yaml'), '--publish', 'prices/eur'], { input: created.stdout })
  t.strictSame([refused.code, refused.stdout, refused.stderr], [1, '', 'broker: refused (topic): no pattern lets publish "prices/eur", got: no patterns\n'])
})

test('wrong use', async (t) => {
  for (const [args, message] of [
    [['create'], /^broker: there must be exactly one of --secret-file, --key-file\n$/], [['decode', '--nonsense'], /^broker: unknown option '--nonsense'\n$/],
    [['nonsense'], /^broker: unknown command 'nonsense'\n$/],
  ] as const) t.match(await runCli(['token', ...args]), { code: 2, stdout: '', stderr: message })
  t.match(await runCli(['token', 'verify'], { input: '\n' }), { code: 2, stderr: 'broker: there must be a token, as an argument or on standard input, got: nothing\n' })
})
