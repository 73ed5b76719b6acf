/** Forged, expired, confused and broken tokens, on every protocol, beside their right twins. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { forgedTokens, topic, type Forged } from '../support/auth/forged-tokens.js'
import { embedAuth } from './support/auth.js'
import { addressOf, apiStatus, grpcStatus, upgradeStatus } from './support/odd-addresses.js'

const atOnceMax = 32

/** Whether the token is still right when the last one has been looked at. */
function lasts(token: string): boolean {
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp: number }
  return exp * 1000 > Date.now() + 600_000
}

/** All of them, a few at one time. */
async function each<Item>(items: readonly Item[], run: (item: Item, at: number) => Promise<void>): Promise<void> {
  const entries = items.entries()
  await Promise.all(Array.from({ length: atOnceMax }, async () => {
    for (const [at, item] of entries) await run(item, at)
  }))
}

test('what is forged is refused on every protocol, what is right beside it is not', async (t) => {
  const { keys, rows: all } = await forgedTokens(Date.now())
  const rows = all.filter(({ name }) => !name.includes('just beyond')) // while this runs, time passes
  const dir = t.testdir({})
  const written = keys.map(({ alg, kid, secret, publicPem }) => {
    if (secret !== null) return { alg, kid, secret }
    const publicKeyFile = join(dir, `${kid}.pem`)
    writeFileSync(publicKeyFile, publicPem ?? '')
    return { alg, kid, publicKeyFile }
  })
  const { publishPort, subscribePort, grpcPort, apiPort, broker, warnings } = await embedAuth(t, {
    jwt: { keys: written, issuer: 'https://issuer.example', audience: 'broker' },
  })
  const wrong: string[] = []
  const isRefused = (status: number, { code }: Forged) => (code === 'topic' ? status === 403 : code === 'too-large' ? status === 401 || status === 431 : status === 401)
  const isRefusedCall = (status: number, { code }: Forged) => (code === 'topic' ? status === 7 : code === 'too-large' ? status === 16 || status === -1 : status === 16)
  await each(rows, async (row, at) => {
    const sent = { token: row.token, topic: row.topic }
    const from = (kind: number) => addressOf(at * 8 + kind)
    const statuses = {
      subscribe: await upgradeStatus({ ...sent, port: subscribePort, from: from(0) }),
      publish: await upgradeStatus({ ...sent, port: publishPort, from: from(1) }),
      api: await apiStatus({ ...sent, port: apiPort, from: from(2) }),
    }
    for (const [name, status] of Object.entries(statuses)) {
      const isRight = name === 'publish' && row.name.endsWith('topics to publish only') ? status === 101 : isRefused(status, row)
      if (!isRight) wrong.push(`${name}: ${row.name}: ${status}`)
    }
    const call = await grpcStatus({ ...sent, port: grpcPort, from: from(3) })
    if (!isRefusedCall(call, row)) wrong.push(`grpc: ${row.name}: ${call}`)
    const twin = { token: lasts(row.twin) ? row.twin : rows[0]?.twin ?? '', topic, from: from(4) }
    const [upgraded, called] = [await upgradeStatus({ ...twin, port: subscribePort }), await grpcStatus({ ...twin, port: grpcPort })]
    if (upgraded !== 101 || called !== 0) wrong.push(`twin of ${row.name}: ${upgraded}, ${called}`)
  })
  t.ok(rows.length >= 300, `${rows.length} forged tokens`)
  t.strictSame(wrong.slice(0, 20), [])
  t.equal(broker.stats()['messages_received'], 0)
  const told = warnings.join('\n')
  const shown = rows.filter(({ token }) => token.split('.').some((part) => part.length > 12 && told.includes(part)))
  t.strictSame(shown.map(({ name }) => name), [], 'no part of a token is in the log')
})
