import { test } from 'tap'
import type { ApiDeps } from '../../../src/api/api.js'
import { authorised } from '../../../src/api/authorised.js'
import { topicRoutes } from '../../../src/api/topic-routes.js'
import { grantsFor, type WrittenGrants } from '../../../src/auth/grants.js'
import type { Question } from '../../../src/auth/question.js'
import { refused } from '../../../src/auth/verdict.js'

const deps = {
  topic: (topic: string) => ({ topic }),
  history: () => ({ epoch: 'run1', messages: [], next: 'run1-1', gap: null, oldest: 'run1--1', keeps: true }),
  isReserved: (topic: string) => topic.startsWith('app/'),
  limits: { messageBytesMax: 1024, logBytesMax: 1024 },
} as unknown as ApiDeps

interface Scene {
  readonly grants?: WrittenGrants
  readonly holdsToken?: boolean
  readonly isOver?: boolean
}

/** The status of a GET, and the action that was asked about; null: nobody was asked. */
async function get(path: string, { grants, holdsToken = false, isOver = false }: Scene): Promise<[number, string | null]> {
  const asked: Question[] = []
  const route = topicRoutes(deps, { token: 'a token of 16 bytes', hosts: [], origins: [], auth: null }).find((each) => each.method === 'GET' && each.path !== '/topics')
  if (route === undefined) throw new Error('there is a route')
  const { handle } = authorised(route, {
    decide: async (question) => {
      asked.push(question)
      if (grants === undefined) return refused('too-many-failures', '')
      return { allow: true, grants: grantsFor(grants, null), subject: null, expiresAt: null, subprotocol: null, standing: { way: 'tokens', name: '', listener: 'api' } }
    },
    headers: () => [], isTokenHolder: () => holdsToken, isOver: () => isOver, names: [],
  })
  const topic = decodeURIComponent(path.slice('/topics/'.length))
  const { status } = await handle({ method: 'GET', path, query: '', headers: {}, body: Buffer.alloc(0), parameters: { topic } })
  return [status, asked[0]?.action ?? null]
}

test('what a topic keeps is told to who may subscribe to it', async (t) => {
  const reads: WrittenGrants = { api: ['read'], publish: ['**'], subscribe: ['prices/*'] }
  t.strictSame(await get('/topics/prices/eur/messages', { grants: reads }), [200, 'read'])
  t.strictSame(await get('/topics/prices%2Feur/messages', { grants: reads }), [200, 'read'], 'however it is written')
  for (const path of ['secrets/key', 'prices/eur/bid', 'prices//', 'PRICES/eur', 'prices/../secrets', 'prices/eur/messages', 'prices%2Feur%2Fbid']) {
    t.strictSame(await get(`/topics/${path}/messages`, { grants: reads }), [403, 'read'], path)
  }
  t.strictSame(await get('/topics/secrets/key', { grants: reads }), [200, 'read'], 'numbers of a topic are no messages')
  t.strictSame(await get('/topics/prices/eur/messages', { grants: { api: ['read'] } }), [403, 'read'])
})

test('what the topics of a Pusher app keep is for the API\'s own token', async (t) => {
  t.strictSame(await get('/topics/app/private-a/messages', { grants: { api: ['read'], subscribe: ['**'] } }), [403, 'read'])
  t.strictSame(await get('/topics/app/private-a/messages', { holdsToken: true }), [200, null])
  t.strictSame(await get('/topics/secrets/key/messages', { holdsToken: true }), [200, null])
})

test('whoever has failed too often is not compared with the API\'s own token either', async (t) => {
  t.strictSame(await get('/topics/a', { holdsToken: true, isOver: true }), [429, 'read'])
})
