/** Each house rule, asked of a small invented tree that breaks it, and of one that does not. */

import { test } from 'tap'
import { linesOf, readSources, told, unexpected, type Breach, type SourceFile } from '../support/house/house.js'
import { addonBreaches, importBreaches } from '../support/house/imports.js'
import { floorBreaches, kindBreaches, roomBreaches, systemHeaderBreaches, websocketBreaches } from '../support/house/includes.js'
import { fileLengthBreaches, lineLengthBreaches } from '../support/house/lengths.js'

function tree(texts: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, lines: linesOf(text) }))
}

function found(find: (files: readonly SourceFile[]) => Breach[], texts: Readonly<Record<string, string>>): string[] {
  return find(tree(texts)).map(told)
}

function include(...names: string[]): string {
  return names.map((name) => `#include ${name.startsWith('<') ? name : `"${name}"`}\n`).join('')
}

test('native floors: upwards, sideways, from nowhere', async (t) => {
  t.strictSame(found(floorBreaches, {
    'native/topic/log.cc': include('native/base/bytes.h', 'native/topic/log.h', 'native/shard/shard.h', '<vector>'),
    'native/codec/codec.h': include('native/transport/transport.h'),
    'native/shard/roles/role.h': include('native/conn/connection.h', 'native/shard/inbox.h', 'role.h'),
    'native/attic/old.h': include('native/base/bytes.h'),
    'native/tools/x.mjs': include('native/addon/values.h'),
  }), [
    'native/topic/log.cc:3: native/topic may not include native/shard, got: native/shard/shard.h',
    'native/codec/codec.h:1: native/codec may not include native/transport, got: native/transport/transport.h',
    'native/shard/roles/role.h:3: an include is named from the root, native/…, got: role.h',
    'native/attic/old.h:1: native/attic is on no floor (test/support/house/includes.ts), got: native/base/bytes.h',
  ])
})

test('rooms of codec: contracts, tables, upwards, sideways', async (t) => {
  t.strictSame(found(roomBreaches, {
    'native/codec/codec.h': include('native/codec/text/utf8.h', 'native/codec/grpc/grpc_status.h'),
    'native/codec/protocol.cc': include('native/codec/grpc/grpc_codec.h', 'native/codec/pusher/pusher_codec.h'),
    'native/codec/pusher/pusher_codec.h': include('native/codec/websocket/websocket_codec.h', 'native/codec/codec.h', 'native/codec/grpc/grpc_codec.h'),
    'native/codec/http2/http2_connection.h': include('native/codec/http2/hpack_table.h', 'native/codec/grpc/grpc_request.h'),
    'native/codec/grpc/grpc_reflection.cc': include('native/codec/grpc/proto/descriptors.h', 'native/codec/http2/http2_frame.h'),
  }), [
    'native/codec/codec.h:2: codec\'s contracts may not include codec/grpc, got: native/codec/grpc/grpc_status.h',
    'native/codec/pusher/pusher_codec.h:3: codec/pusher may not include codec/grpc, got: native/codec/grpc/grpc_codec.h',
    'native/codec/http2/http2_connection.h:2: codec/http2 may not include codec/grpc, got: native/codec/grpc/grpc_request.h',
  ])
})

test('headers of the system and of Node', async (t) => {
  t.strictSame(found(systemHeaderBreaches, {
    'native/os/linux_kernel.cc': include('<sys/socket.h>', '<uv.h>'),
    'native/addon/addon.cc': include('<napi.h>', '<unistd.h>'),
    'native/base/poison.h': include('<sanitizer/asan_interface.h>', '<emmintrin.h>', '<cstdint>', '<fcntl.h>'),
  }), [
    'native/os/linux_kernel.cc:2: only native/addon includes headers of Node, got: uv.h',
    'native/addon/addon.cc:2: only native/os includes headers of the system, got: unistd.h',
    'native/base/poison.h:4: only native/os includes headers of the system, got: fcntl.h',
  ])
})

test('WebSocket in the shard and the addon', async (t) => {
  const header = include('native/codec/websocket/websocket_text.h')
  t.strictSame(found(websocketBreaches, { 'native/shard/shard_close.cc': header, 'native/addon/values.cc': header, 'native/codec/protocol.cc': header }), [
    'native/shard/shard_close.cc:1: no header of WebSocket in native/shard and native/addon, got: native/codec/websocket/websocket_text.h',
    'native/addon/values.cc:1: no header of WebSocket in native/shard and native/addon, got: native/codec/websocket/websocket_text.h',
  ])
})

test('kinds of connections outside of roles/', async (t) => {
  const rule = 'a connection\'s kind is asked for in native/shard/roles only'
  t.strictSame(found(kindBreaches, {
    'native/shard/shard.cc': 'if (connection.role == codec::Role::respond) return;\nswitch (connection.role) {\n// Role::respond, in words\nrole_of(x).opened(x);\n',
    'native/shard/roles/roles.cc': 'case codec::Role::respond:\n',
    'native/codec/protocol.cc': 'if (role == Role::publish) return "publish";\n',
  }), [`native/shard/shard.cc:1: ${rule}, got: role ==`, `native/shard/shard.cc:2: ${rule}, got: switch (connection.role)`])
})

test('imports: upwards, sideways, from nowhere, types too', async (t) => {
  const floors = [['errors.ts'], ['config', 'http'], ['broker.ts index.ts'], ['cli']]
  t.strictSame(found((files) => importBreaches(files, floors), {
    'src/cli/start.ts': 'import { x } from \'./exit.js\'\nimport {\n  a,\n} from \'../broker.js\'\nimport \'../errors.js\'\n',
    'src/config/load.ts': 'import type { Route } from \'../http/http.js\'\nimport { z } from \'zod\'\nconst m = await import(\'../broker.js\')\n',
    'src/broker.ts': 'import { y } from \'./index.js\'\nimport { q } from \'./lost.js\'\nexport { r } from "./cli/main.js"\n',
    'test/src/broker.ts': 'import \'../../src/cli/main.js\'\n',
  }), [
    'src/config/load.ts:1: src/config may not import src/http, got: ../http/http.js',
    'src/config/load.ts:3: src/config may not import src/broker.ts, got: ../broker.js',
    'src/broker.ts:2: src/lost.ts is on no floor (test/support/house/imports.ts), got: ./lost.js',
    'src/broker.ts:3: src/broker.ts may not import src/cli, got: ./cli/main.js',
  ])
})

test('who loads the engine', async (t) => {
  const loads = 'const require = createRequire(import.meta.url)\nrequire(\'./broker.node\')\n'
  t.strictSame(found(addonBreaches, { 'src/native/load.ts': loads, 'src/cli/main.ts': loads, 'src/cli/x.ts': 'import { readFileSync } from \'node:fs\'\n' }), [
    'src/cli/main.ts:1: only src/native loads a .node, got: createRequire(',
    'src/cli/main.ts:2: only src/native loads a .node, got: require(\'./broker.node\'',
  ])
})

test('long files and long lines, in characters; tests have bounds of their own', async (t) => {
  const long = 'ö'.repeat(161)
  const texts = { 'native/a.cc': `${'x\n'.repeat(401)}`, 'src/a.ts': `${'x\n'.repeat(251)}`, 'test/a.ts': `${long}\n`.repeat(400), 'src/b.ts': `ok\n${long}\n` }
  t.strictSame(found(fileLengthBreaches, texts), ['native/a.cc:401: a file has at most 400 lines, got: 401', 'src/a.ts:251: a file has at most 250 lines, got: 251'])
  t.strictSame(found(lineLengthBreaches, texts), ['src/b.ts:2: a line has at most 160 characters, got: 161'])
})

test('the table: no more than it says, and no row for nothing', async (t) => {
  const long = fileLengthBreaches(tree({ 'src/a.ts': 'x\n'.repeat(260) }))
  t.strictSame(unexpected(long, { 'src/a.ts': 260 }), [])
  t.strictSame(unexpected(long, { 'src/a.ts': 300 }), [])
  t.strictSame(unexpected(long, { 'src/a.ts': 259 }), [
    'src/a.ts:260: a file has at most 250 lines, got: 260 (its number in test/support/house/known.ts is 259)',
  ])
  t.strictSame(unexpected([], { 'src/a.ts': 260 }), ['src/a.ts: keeps the rule now, take its row out of test/support/house/known.ts'])
})

test('sources on disk, without what others made', async (t) => {
  const root = t.testdir({ native: { 'a.cc': 'x\ny', 'a.o': '', vendor: { 'b.h': '' } }, src: { 'c.ts': 'z\n', node_modules: { 'd.ts': '' } } })
  t.strictSame(readSources(root, ['native', 'src']), [{ path: 'native/a.cc', lines: ['x', 'y'] }, { path: 'src/c.ts', lines: ['z'] }])
})
