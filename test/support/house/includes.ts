/** House rules of `native/`: who may include whom. */

import type { Breach, SourceFile } from './house.js'

interface Include {
  readonly line: number
  readonly name: string
  readonly system: boolean
}

/** From the bottom up. A folder may include itself and every floor below its own, never a folder beside it. */
export const nativeFloors: readonly (readonly string[])[] = [
  ['base'], ['os', 'metrics'], ['transport', 'codec'], ['topic'], ['conn'], ['shard'], ['addon'],
]

/** The rooms of `native/codec/`, in the same way. */
export const codecFloors: readonly (readonly string[])[] = [['http1'], ['text'], ['websocket', 'http2'], ['pusher', 'grpc', 'responder', 'sse', 'http_publish']]

/** The rooms that codec's contracts are written with. */
const contractRooms: ReadonlySet<string> = new Set(['http1', 'text'])

/** The tables name every room. */
const codecTables: ReadonlySet<string> = new Set(['native/codec/protocol.cc', 'native/codec/encoding.cc'])

/** Headers of the compiler, which ask no system for anything. */
const compilerHeaders = /^(sanitizer\/|[a-z]mmintrin\.h$|arm_neon\.h$)/
const nodeHeaders = /^(napi|node_api|js_native_api|node|uv|v8)\b/

function includesOf(file: SourceFile): Include[] {
  return file.lines.flatMap((text, index) => {
    const match = /^\s*#\s*include\s*([<"])([^>"]+)[>"]/.exec(text)
    return match === null ? [] : [{ line: index + 1, name: match[2] ?? '', system: match[1] === '<' }]
  })
}

export function isNative(file: SourceFile): boolean {
  return file.path.startsWith('native/') && !file.path.endsWith('.mjs')
}

/** -1: on none. */
function floorOf(unit: string, floors: readonly (readonly string[])[]): number {
  return floors.findIndex((floor) => floor.includes(unit))
}

/** Whether `from` stands above `to`, or is the same. */
function mayInclude(from: string, to: string, floors: readonly (readonly string[])[]): boolean {
  const below = floorOf(to, floors)
  return from === to || (below >= 0 && below < floorOf(from, floors))
}

/** `native/codec/http2/hpack_table.h`: `codec`, `http2`. A file that lies in no room: ''. */
function folderAndRoom(path: string): [folder: string, room: string] {
  const [, folder = '', ...rest] = path.split('/')
  return [folder, rest.length > 1 ? rest[0] ?? '' : '']
}

function breach(file: SourceFile, { line, name }: Include, rule: string): Breach {
  return { path: file.path, line, rule, got: name, weight: 1 }
}

/** `base ← {os, metrics} ← {transport, codec} ← topic ← conn ← shard ← addon`. */
export function floorBreaches(files: readonly SourceFile[]): Breach[] {
  return files.filter(isNative).flatMap((file) => {
    const [folder] = folderAndRoom(file.path)
    const includes = includesOf(file).filter(({ system }) => !system)
    return includes.flatMap((include) => {
      if (!include.name.startsWith('native/')) return [breach(file, include, 'an include is named from the root, native/…')]
      const [wanted] = folderAndRoom(include.name)
      if (floorOf(folder, nativeFloors) < 0) return [breach(file, include, `native/${folder} is on no floor (test/support/house/includes.ts)`)]
      return mayInclude(folder, wanted, nativeFloors) ? [] : [breach(file, include, `native/${folder} may not include native/${wanted}`)]
    })
  })
}

function mayIncludeRoom(path: string, room: string, wanted: string): boolean {
  if (wanted === '') return true  // the contracts are everybody's
  if (room === '') return codecTables.has(path) || contractRooms.has(wanted)
  return mayInclude(room, wanted, codecFloors)
}

/** Which room of `native/codec/` may include which; its contracts belong to none, its tables know all. */
export function roomBreaches(files: readonly SourceFile[]): Breach[] {
  return files.filter((file) => file.path.startsWith('native/codec/')).flatMap((file) => {
    const [, room] = folderAndRoom(file.path)
    return includesOf(file).filter(({ name }) => name.startsWith('native/codec/')).flatMap((include) => {
      const [, wanted] = folderAndRoom(include.name)
      if (mayIncludeRoom(file.path, room, wanted)) return []
      return [breach(file, include, room === '' ? `codec's contracts may not include codec/${wanted}` : `codec/${room} may not include codec/${wanted}`)]
    })
  })
}

/** System headers only in `os/`, Node's only in `addon/`; the standard library's have no `.h`. */
export function systemHeaderBreaches(files: readonly SourceFile[]): Breach[] {
  return files.filter(isNative).flatMap((file) => {
    const [folder] = folderAndRoom(file.path)
    const includes = includesOf(file).filter(({ name, system }) => system && name.endsWith('.h') && !compilerHeaders.test(name))
    return includes.flatMap((include) => {
      if (nodeHeaders.test(include.name)) return folder === 'addon' ? [] : [breach(file, include, 'only native/addon includes headers of Node')]
      return folder === 'os' ? [] : [breach(file, include, 'only native/os includes headers of the system')]
    })
  })
}

/** How WebSocket says something is its room's, and the table's; the shard and the addon ask the protocol's row. */
export function websocketBreaches(files: readonly SourceFile[]): Breach[] {
  return files.filter((file) => /^native\/(shard|addon)\//.test(file.path)).flatMap((file) => {
    const includes = includesOf(file).filter(({ name }) => name.startsWith('native/codec/websocket/'))
    return includes.map((include) => breach(file, include, 'no header of WebSocket in native/shard and native/addon'))
  })
}

/** `Role::x`, or a connection's or protocol's `role` compared or switched over. */
const asksForKind = /\bRole::\w+|\brole\s*[=!]=|\bswitch \(.*\brole\)/

/** What kind of connection it is, is known in `native/shard/roles/` only. */
export function kindBreaches(files: readonly SourceFile[]): Breach[] {
  const asking = files.filter(({ path }) => path.startsWith('native/shard/') && !path.startsWith('native/shard/roles/'))
  return asking.flatMap(({ path, lines }) => lines.flatMap((text, index) => {
    const match = asksForKind.exec(text.replace(/\/\/.*/, ''))
    return match === null ? [] : [{ path, line: index + 1, rule: 'a connection\'s kind is asked for in native/shard/roles only', got: match[0], weight: 1 }]
  }))
}
