/** Clients and servers in languages with types: `data` is a text to them, a number has digits. */

import { execFileSync } from 'node:child_process'
import { test } from 'tap'
import { buildGoFile, clientFile, runs, startProgram, type ForeignProgram } from './support/foreign-program.js'
import { embedPusher, shop, type PusherBroker } from './support/pusher-broker.js'
import { answers, usersOf } from './support/pusher-queries.js'
import { clientTarget, joinApp } from './support/pusher-session.js'

/** What a client hears: a second of silence, so that the broker pings, a public subscription, a refused one, an event and a drain. */
async function hearEverything(place: PusherBroker, client: ForeignProgram): Promise<string[]> {
  const system = [
    await client.line('pusher:connection_established '), await client.line('pusher_internal:subscription_succeeded '),
    await client.line('pusher:subscription_error '), await client.line('pusher:pong '), await client.line('pusher:ping '),
  ]
  await place.sdk.trigger('news', 'hello', { n: 1 })
  const event = await client.line('hello ')
  await place.broker.close({ drainMs: 500 })
  return [...system, event, await client.line('closed ')]
}

const everything = [
  /"activity_timeout":1\}$/, 'pusher_internal:subscription_succeeded {}', /"status":401\}$/, 'pusher:pong {}', 'pusher:ping {}', 'hello {"n":1}', 'closed 4100',
]

test('a client in Go whose data is a string hears every message', { skip: runs('go', 'version') ? false : 'no Go (Debian: golang-go)' }, async (t) => {
  const place = await embedPusher(t, { pusher: { activityTimeoutMs: 1000 } })
  const program = buildGoFile(t.testdir(), clientFile('client.go'))
  const client = startProgram(t, program, [`127.0.0.1:${place.port}`, clientTarget(place.key), 'news'])
  t.match(await hearEverything(place, client), everything)
})

const python = '/usr/bin/python3'
const noPython = runs(python, '-c', 'import websockets') ? false : 'no websockets for Python (Debian: python3-websockets)'

test('a client in Python hears every message', { skip: noPython }, async (t) => {
  const place = await embedPusher(t, { pusher: { activityTimeoutMs: 1000 } })
  const url = `ws://127.0.0.1:${place.port}${clientTarget(place.key)}`
  t.match(await hearEverything(place, startProgram(t, python, [clientFile('client.py'), url, 'news'])), everything)
})

test('snowflake keys that PHP has signed', { skip: runs('php', '-v') ? false : 'no PHP (Debian: php-cli)' }, async (t) => {
  const place = await embedPusher(t)
  const channel = 'presence-room'
  const [watcher, ada] = [await joinApp(t, place), await joinApp(t, place)]
  await watcher.say('pusher:subscribe', { channel, ...place.sdk.authorizeChannel(watcher.socketId, channel, { user_id: 'watcher' }) })
  await watcher.nth('pusher_internal:subscription_succeeded')
  const signed = execFileSync('php', [clientFile('sign.php'), shop.key, shop.secret, ada.socketId, channel], { encoding: 'utf8' })
  await ada.say('pusher:subscribe', { channel, ...JSON.parse(signed) as object })
  const info = '{"id":1152921504606846977,"balance":1.1,"name":"Ada"}'
  t.equal((await watcher.nth('pusher_internal:member_added')).data, `{"user_id":"1152921504606846977","user_info":${info}}`)
  t.match((await ada.nth('pusher_internal:subscription_succeeded')).data, `"1152921504606846977":${info}`)
  await answers(() => usersOf(place.sdk, channel), ['1152921504606846977', 'watcher'])
})
