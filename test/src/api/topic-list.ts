import { test } from 'tap'
import { askApi, bodyOf, topicOf } from '../../support/api/ask-api.js'

const topics = ['prices/usd', 'news', 'prices/eur', 'prices/chf', 'é'].map((topic) => topicOf(topic))
const { ask } = askApi({}, topics)

async function list(query: string): Promise<{ names: string[], next?: string | null }> {
  const { topics: found, next } = bodyOf(await ask('GET', `/topics${query}`)) as { topics: { topic: string }[], next?: string | null }
  return { names: found.map(({ topic }) => topic), ...next === undefined ? {} : { next } }
}

test('as they come, by a prefix, by name', async (t) => {
  t.strictSame(await list(''), { names: ['prices/usd', 'news', 'prices/eur', 'prices/chf', 'é'] })
  t.strictSame(await list('?max=2'), { names: ['prices/usd', 'news'] })
  t.strictSame(await list('?prefix=prices/&max=2'), { names: ['prices/usd', 'prices/eur'] })
  t.strictSame(await list('?prefix=%C3%A9'), { names: ['é'] })
  t.strictSame(await list('?prefix=nothing'), { names: [] })
  t.strictSame(await list('?sort=name'), { names: ['news', 'prices/chf', 'prices/eur', 'prices/usd', 'é'], next: null })
})

test('page after page, every topic once', async (t) => {
  t.strictSame(await list('?sort=name&max=2'), { names: ['news', 'prices/chf'], next: 'prices/chf' })
  t.strictSame(await list('?max=2&after=prices/chf'), { names: ['prices/eur', 'prices/usd'], next: 'prices/usd' })
  t.strictSame(await list('?max=2&after=prices/usd'), { names: ['é'], next: null })
  t.strictSame(await list('?prefix=prices/&max=1&after=prices/chf'), { names: ['prices/eur'], next: 'prices/eur' })
})

test('what it cannot be asked', async (t) => {
  for (const [query, detail] of [
    ['?max=0', 'max must be 1..100000, got: 0'], ['?max=x', 'max must be 1..100000, got: x'], ['?sort=size', 'sort must be skipped or name, got: size'],
    ['?sort=skipped&after=a', 'after must go with sort=name: only that order stays from page to page, got: sort=skipped'],
    ['?prefx=a', 'a query key must be one of max, prefix, sort, after, got: prefx'],
  ] as const) t.match(bodyOf(await ask('GET', `/topics${query}`)), { status: 400, detail })
})
