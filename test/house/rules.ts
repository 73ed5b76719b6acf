/** The house rules (docs/hacking.md), asked of this tree. What may stay for now is in test/support/house/known.ts. */

import { test } from 'tap'
import { packageRoot } from '../../src/package-info.js'
import { readSources, unexpected, type Breach, type Known, type SourceFile } from '../support/house/house.js'
import { addonBreaches, importBreaches } from '../support/house/imports.js'
import { floorBreaches, kindBreaches, roomBreaches, systemHeaderBreaches, websocketBreaches } from '../support/house/includes.js'
import { known } from '../support/house/known.js'
import { fileLengthBreaches, lineLengthBreaches } from '../support/house/lengths.js'

interface Rule {
  readonly name: string
  readonly find: (files: readonly SourceFile[]) => Breach[]
  readonly known: Known
}

const rules: readonly Rule[] = [
  { name: 'native: who may include whom', find: floorBreaches, known: known.nativeFloors },
  { name: 'native/codec: which room may include which', find: roomBreaches, known: known.codecRooms },
  { name: 'native: headers of the system in os/, of Node in addon/', find: systemHeaderBreaches, known: known.systemHeaders },
  { name: 'native: WebSocket is said in its room', find: websocketBreaches, known: known.websocketHeaders },
  { name: 'native/shard: kinds of connections are known in roles/', find: kindBreaches, known: known.kinds },
  { name: 'src: who may import whom', find: importBreaches, known: known.typescriptFloors },
  { name: 'src: one folder loads the engine', find: addonBreaches, known: known.addonLoading },
  { name: 'lengths of files', find: fileLengthBreaches, known: known.fileLengths },
  { name: 'lengths of lines', find: lineLengthBreaches, known: known.lineLengths },
]

const files = readSources(packageRoot, ['native', 'src', 'bench', 'test'])

test('the tree is there', async (t) => {
  for (const folder of ['native/shard/', 'src/cli/', 'bench/load/', 'test/native/sim/']) t.ok(files.some(({ path }) => path.startsWith(folder)), folder)
})

for (const rule of rules) {
  test(rule.name, async (t) => {
    t.strictSame(unexpected(rule.find(files), rule.known), [])
  })
}
