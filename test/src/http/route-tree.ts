import { test } from 'tap'
import type { Route } from '../../../src/http/contract.js'
import { nameValues, RouteTree } from '../../../src/http/route-tree.js'

function tree(...paths: string[]): RouteTree {
  const found = new RouteTree()
  for (const path of paths) found.add({ method: 'GET', path, bodyBytesMax: 0, access: 'anyone', handle: () => ({ status: 200, headers: {}, body: '' }) } satisfies Route)
  return found
}

/** The route a path means and what stands for its names. */
function match(from: RouteTree, path: string): unknown {
  const found = from.match(path)
  return found === null ? null : [found.endpoint.routes.get('GET')?.route.path, ...found.values]
}

test('the most special route counts, and dead ends are left again', async (t) => {
  const routes = tree('/a/{x}/c/d', '/a/b/{y}', '/a/{rest...}', '/{x}/b/c')
  t.strictSame(match(routes, '/a/b/c'), ['/a/b/{y}', 'c'])
  t.strictSame(match(routes, '/a/b/c/d'), ['/a/{x}/c/d', 'b'])
  t.strictSame(match(routes, '/a/b/c/e'), ['/a/{rest...}', 'b/c/e'], 'without what was tried before')
  t.strictSame(match(routes, '/b/b/c'), ['/{x}/b/c', 'b'])
  t.equal(match(routes, '/b/b'), null)
  t.equal(match(routes, '/a'), null)
})

test('values get their names', async (t) => {
  t.strictSame(nameValues([], []), {})
  t.strictSame(nameValues(['a', 'b'], ['%41', '%C3%A9']), { a: 'A', b: 'é' })
  t.throws(() => nameValues(['a'], ['%E9']), URIError)
})
