import { test } from 'tap'
import { runCli } from '../../support/cli.js'

test('a wrong configuration is one line and exit code 2', async (t) => {
  const file = `${t.testdir({ 'broker.yaml': 'timeouts: {closeMs: 1}\n' })}/broker.yaml`
  const table: [string[], Record<string, string>, string][] = [
    [['--publish-port', '65536'], {}, 'publish.port must be 0..65535, got: 65536 (from --publish-port)'],
    [['--host', 'a b'], {}, 'publish.hosts[0] must be an IP address or a host name, got: "a b" (from --host)\n'
      + 'broker: subscribe.hosts[0] must be an IP address or a host name, got: "a b" (from --host)'],
    [['--slow-policy', 'drop'], {}, 'slowPolicy must be one of disconnect, drop-oldest, latest, got: drop (from --slow-policy)'],
    [['--set', 'shards'], {}, '--set must be <key>=<value>, got: shards'],
    [['--set', 'limits.topicsMax=0'], {}, 'limits.topicsMax must be 1..10000000, got: 0 (from --set)'],
    [[], { BROKER_LIMITS_MESSAGE_BYTES_MAX: '0' }, 'limits.messageBytesMax must be 1..16777216, got: 0 (from BROKER_LIMITS_MESSAGE_BYTES_MAX)'],
    [[], { BROKER_FROB: '1' }, 'BROKER_FROB is not a known variable, got: 1'],
    [['--config', file], {}, `timeouts.closeMs must be 10..3600000, got: 1 (from ${file})`],
    [['--config', '/none'], {}, '--config must name a readable file, got: /none (ENOENT)'],
    [['--log-format', 'xml'], {}, 'log.format must be one of auto, pretty, json, got: xml (from --log-format)'],
  ]
  await Promise.all(table.map(async ([args, env, line]) => {
    t.strictSame(await runCli(['start', ...args], { env }), { code: 2, signal: null, stdout: '', stderr: `broker: ${line}\n` })
  }))
})
