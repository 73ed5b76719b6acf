/** The document at /openapi.json is one, has every route, and what the API really answers is as it says. */

import { test } from 'tap'
import { z } from 'zod'
import type { HttpResponse } from '../../../src/http/contract.js'
import { askApi, bodyOf, topicOf } from '../../support/api/ask-api.js'

interface Content { readonly schema?: { readonly $ref?: string } }
interface Operation {
  readonly security?: unknown
  readonly parameters: { readonly name: string, readonly in: string }[]
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, Content>> }>>
}
interface Document {
  readonly openapi: string
  readonly info: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

const { ask } = askApi({}, [topicOf('a/b', 2), topicOf('news')])
const document = bodyOf(await ask('GET', '/openapi.json')) as Document

/** What is wrong with an answer, by the document; empty: nothing. */
function breaches(path: string, method: string, answer: HttpResponse): string[] {
  const response = document.paths[path]?.[method]?.responses[String(answer.status)]
  if (response === undefined) return [`${method} ${path}: ${answer.status} is not there`]
  const type = (answer.headers['content-type'] ?? '').split(';')[0] ?? ''
  const content = response.content[type]
  if (content === undefined) return [`${method} ${path} ${answer.status}: ${type} is not there`]
  const name = content.schema?.$ref?.replace('#/components/schemas/', '')
  if (name === undefined) return []
  const schema = document.components.schemas[name]
  if (schema === undefined) return [`${name} is no schema`]
  const result = z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema).safeParse(bodyOf(answer))
  return result.success ? [] : [`${method} ${path} ${answer.status}: ${result.error.message}`]
}

test('it has every route, with its parameters and who may ask', async (t) => {
  t.match(document, { openapi: '3.1.0', info: { title: 'broker: HTTP API', version: /^\d/ } })
  const { routes } = bodyOf(await ask('GET', '/')) as { routes: Record<string, string> }
  const listed = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
  t.strictSame(listed.sort(), Object.keys(routes).filter((route) => route !== 'GET /').sort())
  t.match(document.paths['/topics/{topic}']?.['get'], { security: [{ token: [] }], parameters: [{ name: 'topic', in: 'path' }] })
  t.equal(document.paths['/live']?.['get']?.security, undefined)
  t.strictSame(document.paths['/topics']?.['get']?.parameters.map(({ name }) => name), ['max', 'prefix', 'sort', 'after'])
})

test('every reference leads somewhere', async (t) => {
  const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name)
  t.ok(names.length > 10)
  t.strictSame(names.filter((name) => !Object.hasOwn(document.components.schemas, name)), [])
})

test('answers are as it says', async (t) => {
  const batch = '{"messages":[{"topic":"a","data":1},{"topic":"bad","data":1},5]}'
  const asked: [method: string, path: string, target: string, asking?: { body?: string, headers?: Record<string, string> }][] = [
    ['post', '/topics/{topic}', '/topics/a/b', { body: 'x' }], ['post', '/topics/{topic}', '/topics/bad'], ['post', '/topics/{topic}', '/topics/a', { body: 'x'.repeat(101) }],
    ['post', '/topics/{topic}', '/topics/a', { body: 'x', headers: { 'content-encoding': 'none' } }], ['post', '/topics/{topic}', '/topics/shop/x'],
    ['post', '/publish', '/publish', { body: batch }], ['post', '/publish', '/publish', { body: '{' }],
    ['get', '/topics', '/topics'], ['get', '/topics', '/topics?sort=name&max=1'], ['get', '/topics', '/topics?max=0'],
    ['get', '/topics/{topic}', '/topics/a/b'], ['get', '/topics/{topic}', '/topics/none'], ['get', '/metrics', '/metrics'], ['get', '/live', '/live'], ['get', '/ready', '/ready'],
    ['get', '/topics', '/topics', { headers: { origin: 'https://evil.example' } }], ['get', '/openapi.json', '/openapi.json'],
  ]
  for (const [method, path, target, asking] of asked) t.strictSame(breaches(path, method, await ask(method.toUpperCase(), target, asking)), [], `${method} ${target}`)
})

test('an answer that is otherwise is noticed', async (t) => {
  const answer = (status: number, body: unknown, type = 'application/json'): HttpResponse => ({ status, headers: { 'content-type': type }, body: JSON.stringify(body) })
  t.match(breaches('/topics/{topic}', 'post', answer(200, { topic: 'a' })), [/offset/])
  t.match(breaches('/publish', 'post', answer(200, { published: 1, failed: 0, results: [{ topic: 5 }] })), [/results/])
  t.match(breaches('/live', 'get', answer(418, {})), [/418/])
  t.match(breaches('/live', 'get', answer(200, {}, 'text/html')), [/text\/html/])
})
