import { test } from 'tap'
import { meantPath } from '../../../src/pusher/path.js'

test('paths as they are meant', async (t) => {
  const rows: readonly (readonly [path: string, prefix: string, meant: string])[] = [
    ['/app/a', '', '/app/a'], ['//app/a', '', '/app/a'], ['/app/a/', '', '/app/a'], ['////app///a////', '', '/app/a'], ['/', '', ''], ['', '', ''],
    ['/ws/app/a', '/ws', '/app/a'], ['/app/a', '/ws', '/app/a'], ['//ws//app/a/', '/ws', '/app/a'], ['/ws', '/ws', '/ws'], ['/ws/', '/ws', '/ws'],
    ['/wsx/app', '/ws', '/wsx/app'], ['/ws/ws/app', '/ws', '/ws/app'], ['/a/b/apps/1', '/a/b', '/apps/1'], ['/app/%2F%2F', '', '/app/%2F%2F'],
  ]
  for (const [path, prefix, meant] of rows) t.equal(meantPath(path, prefix), meant, `${path} under ${prefix}`)
})
