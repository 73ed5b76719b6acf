import { test } from 'tap'
import { isAskedAbout, sectionOf } from '../../../src/engine/sections.js'
import type { ProtocolName } from '../../../src/native/binding.js'

test('whose listener it is, and whether somebody is asked about its clients', async (t) => {
  const rows: [ProtocolName, string, boolean][] = [
    ['websocket-publish', 'publish', true], ['websocket-subscribe', 'subscribe', true], ['grpc', 'grpc', true], ['pusher', 'pusher', false],
    ['responder-raw', 'responder', false], ['responder-line', 'responder', false],
  ]
  for (const [protocol, section, asks] of rows) t.strictSame([sectionOf(protocol), isAskedAbout(protocol)], [section, asks], protocol)
})
