/**
 * What the house rules let pass today, by rule and file: how many breaches, or how many lines a long file has. Numbers may only
 * fall, a row that is not needed any more fails. Do not add rows.
 */

import type { Known } from './house.js'

export const known = {
  nativeFloors: {},
  codecRooms: {},
  systemHeaders: {},
  websocketHeaders: {},
  kinds: {},
  typescriptFloors: {},
  addonLoading: {},
  fileLengths: {
    'bench/arms.ts': 254,
    'src/broker.ts': 270,
    'src/http/node-server.ts': 300,
    'src/native/binding.ts': 405,
    'test/src/http/server-contract.ts': 430,
  },
  lineLengths: {
    'bench/charts.ts': 4,
    'bench/html-report.ts': 2,
    'bench/plan.ts': 1,
    'native/addon/event_values.h': 1,
    'src/cli/log-start.ts': 1,
    'src/config/cross-checks.ts': 2,
    'src/package-info.ts': 1,
    'src/pusher/http/trigger.ts': 1,
    'test/conformance/support/websocket-cases.ts': 1,
    'test/fuzz/seeds.cc': 10,
    'test/native/codec/http2/hpack_conformance_test.cc': 2,
    'test/src/cli/sub.ts': 1,
    'test/src/http/differences.ts': 1,
  },
} satisfies Record<string, Known>
