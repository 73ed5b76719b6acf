/**
 * What RFC 6455 asks of a server, case by case, by the sections of the public test suites: framing, pings and pongs, reserved bits, opcodes,
 * fragments, UTF-8, closing, sizes. Bytes of frames are hex without length and mask: the first byte, then the payload.
 */

/** A frame of the client. */
export interface Sent {
  /** FIN, reserved bits and opcode. */
  readonly first: number
  readonly payload: Buffer
}

/** How a case ends: `open`: the connection is as good as before; else the code of the server's close frame. */
export type End = 'open' | number

export interface Case {
  readonly name: string
  readonly sends: readonly Sent[]
  /** Frames that the topic's subscriber gets: first byte and payload. */
  readonly delivers: readonly Sent[]
  /** Frames that the sender gets, but for the close frame; of several pings the last one is answered, others may be (RFC 6455 §5.5.3). */
  readonly answers: readonly Sent[]
  readonly end: End
}

const text = 0x81
const binary = 0x82
const close = 0x88
const ping = 0x89
const pong = 0x8a
/** Without FIN. */
const textStart = 0x01
const binaryStart = 0x02
const more = 0x00
const last = 0x80

function frame(first: number, payload: string | Buffer = ''): Sent {
  return { first, payload: typeof payload === 'string' ? Buffer.from(payload) : payload }
}

const hex = (bytes: string) => Buffer.from(bytes.replaceAll(' ', ''), 'hex')

interface Expected {
  readonly delivers?: readonly Sent[]
  readonly answers?: readonly Sent[]
  readonly end?: End
}

function row(name: string, sends: readonly Sent[], { delivers = [], answers = [], end = 'open' }: Expected): Case {
  return { name, sends, delivers, answers, end }
}

/** Comes out as it went in. */
const echoed = (name: string, ...sends: readonly Sent[]) => row(name, sends, { delivers: sends })
/** Ends the connection; nothing of it is delivered. */
const fails = (name: string, end: number, ...sends: readonly Sent[]) => row(name, sends, { end })

function bytesOf(length: number, seed = 0): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 31 + seed) % 256))
}

function framing(): Case[] {
  const lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536]
  return lengths.flatMap((length) => [
    echoed(`a text of ${length} bytes`, frame(text, '*'.repeat(length))),
    echoed(`${length} bytes of any value`, frame(binary, bytesOf(length))),
  ])
}

function pings(): Case[] {
  const payloads: readonly (readonly [name: string, payload: Buffer])[] = [
    ['without payload', hex('')], ['with text', Buffer.from('Hello, world!')], ['with bytes that are no text', hex('00 ff fe fd fc fb 00 ff')],
    ['of 125 bytes', Buffer.alloc(125, 0xfe)],
  ]
  return [
    ...payloads.map(([name, payload]) => row(`a ping ${name} is answered with it`, [frame(ping, payload)], { answers: [frame(pong, payload)] })),
    fails('a ping of 126 bytes', 1002, frame(ping, Buffer.alloc(126, 0xfe))),
    row('a pong that nobody asked for', [frame(pong)], {}),
    row('a pong with payload', [frame(pong, 'unasked')], {}),
    row('a pong, then a ping', [frame(pong, 'unasked'), frame(ping, 'asked')], { answers: [frame(pong, 'asked')] }),
    fails('a pong of 126 bytes', 1002, frame(pong, Buffer.alloc(126))),
    ...Array.from({ length: 10 }, (_, at) => row(`ping ${at} of its own kind`, [frame(ping, `payload ${at}`)], { answers: [frame(pong, `payload ${at}`)] })),
    row('ten pings at once: the last one is answered', Array.from({ length: 10 }, (_, at) => frame(ping, `ping ${at}`)), { answers: [frame(pong, 'ping 9')] }),
  ]
}

function reservedBits(): Case[] {
  const hello = 'Hello'
  return [1, 2, 3, 4, 5, 6, 7].flatMap((bits) => [
    fails(`reserved bits ${bits} on a text`, 1002, frame(text | bits << 4, hello)),
    fails(`reserved bits ${bits} on bytes`, 1002, frame(binary | bits << 4, hello)),
    fails(`reserved bits ${bits} on a ping`, 1002, frame(ping | bits << 4, hello)),
    fails(`reserved bits ${bits} on a pong`, 1002, frame(pong | bits << 4)),
    fails(`reserved bits ${bits} on a close frame`, 1002, frame(close | bits << 4)),
    row(`reserved bits ${bits} behind a whole message: that is delivered`, [frame(text, hello), frame(text | bits << 4, hello), frame(ping)],
      { delivers: [frame(text, hello)], end: 1002 }),
  ])
}

function opcodes(): Case[] {
  return [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
    fails(`opcode ${opcode} without payload`, 1002, frame(0x80 | opcode)),
    fails(`opcode ${opcode} with payload`, 1002, frame(0x80 | opcode, 'reserved opcode')),
    row(`opcode ${opcode} behind a whole message: that is delivered`, [frame(text, 'first'), frame(0x80 | opcode, 'x'), frame(ping)],
      { delivers: [frame(text, 'first')], end: 1002 }),
  ])
}

function fragments(): Case[] {
  const joined = (name: string, whole: Sent, ...sends: readonly Sent[]) => row(name, sends, { delivers: [whole] })
  const whole = frame(text, 'fragment 1fragment 2')
  const [one, two] = [frame(textStart, 'fragment 1'), frame(last, 'fragment 2')]
  const asked = { answers: [frame(pong, 'between')] }
  return [
    fails('a ping in two fragments', 1002, frame(0x09, 'frag'), frame(last, 'ment')),
    fails('a pong in two fragments', 1002, frame(0x0a, 'frag'), frame(last, 'ment')),
    fails('a close frame in two fragments', 1002, frame(0x08, hex('03')), frame(last, hex('e8'))),
    joined('a text in two', whole, one, two),
    joined('bytes in two', frame(binary, hex('00ff fe')), frame(binaryStart, hex('00ff')), frame(last, hex('fe'))),
    joined('a text in three, of which the middle one is empty', whole, one, frame(more), two),
    joined('all three empty', frame(text), frame(textStart), frame(more), frame(last)),
    joined('the first and the last one empty', frame(text, 'middle'), frame(textStart), frame(more, 'middle'), frame(last)),
    joined('byte by byte', frame(text, 'bytewise'), frame(textStart, 'b'), ...[...'ytewis'].map((each) => frame(more, each)), frame(last, 'e')),
    row('a ping between two', [one, frame(ping, 'between'), two], { ...asked, delivers: [whole] }),
    row('a pong between two', [one, frame(pong, 'between'), two], { delivers: [whole] }),
    row('a ping between each two of five', [textStart, more, more, more, last].flatMap((first, at) => [frame(first, `${at}`), frame(ping, 'between')]).slice(0, -1),
      { delivers: [frame(text, '01234')], answers: [frame(pong, 'between')] }),
    fails('a continuation of nothing', 1002, frame(last, 'of nothing'), frame(text, 'x')),
    fails('a continuation of nothing that goes on', 1002, frame(more, 'of nothing'), frame(text, 'x')),
    fails('an empty continuation of nothing', 1002, frame(last)),
    fails('a continuation behind a message that had ended', 1002, frame(more, 'late')),
    row('a message, then a continuation', [frame(text, 'whole'), frame(last, 'late')], { delivers: [frame(text, 'whole')], end: 1002 }),
    row('a message in two, then a continuation', [one, two, frame(last, 'late')], { delivers: [whole], end: 1002 }),
    fails('a text within a text', 1002, one, frame(text, 'another')),
    fails('bytes within a text', 1002, one, frame(binary, 'others')),
    fails('the first fragment of a text within a text', 1002, one, frame(textStart, 'another'), two),
    fails('the same opcode again in place of a continuation', 1002, one, frame(textStart, 'fragment 2'), frame(text, 'fragment 3')),
    row('two messages in two each', [one, two, one, two], { delivers: [whole, whole] }),
    row('a text in two, then bytes', [one, two, frame(binary, hex('ff'))], { delivers: [whole, frame(binary, hex('ff'))] }),
    row('a close frame between two: the message is not', [one, frame(close, hex('03e8')), two], { end: 1000 }),
  ]
}

/** By their ends: the first and the last of each length, what lies beside the surrogates, what is no character. */
const characters: readonly string[] = [
  '00', '01', '0a', '7f', 'c280', 'dfbf', 'e0a080', 'e0bfbf', 'e18080', 'ed9fbf', 'ee8080', 'efbfbd', 'f0908080', 'f0bfbfbf', 'f1808080', 'f3bfbfbf', 'f4808080',
  'f48fbfbf', 'efbfbe', 'efbfbf', 'efb790', 'efb7af', 'f09fbfbe', 'f09fbfbf', 'f0afbfbe', 'f0bfbfbe', 'f18fbfbf', 'f19fbfbe', 'f1afbfbf', 'f1bfbfbe', 'f28fbfbf',
  'f29fbfbe', 'f2afbfbf', 'f2bfbfbe', 'f38fbfbf', 'f39fbfbe', 'f3afbfbf', 'f3bfbfbe', 'f48fbfbe', 'cebae1bdb9cf83cebcceb5', 'e697a5e69cace8aa9e', 'f09f9880f09f8c8d',
  '68656c6c6f20c2b5', 'e0a4b9e0a4bfe0a482', 'd987d8b0d8a7', 'efbbbf', 'e2808f', 'cc81',
]

const brokenText: Readonly<Record<string, readonly string[]>> = {
  'a continuation byte alone': ['80', 'bf', '8080', '80bf', '80bf80bf', '80bf80bf80bf', Array.from({ length: 64 }, (_, at) => (0x80 + at).toString(16)).join('')],
  'a first byte alone': ['c2', 'c220', 'df20', 'e0', 'e020', 'ef20', 'f0', 'f020', 'f420', 'c2c2', 'e1e1', 'f1f1'],
  'the last byte missing': ['e080', 'e1bf', 'efbf', 'f08080', 'f090bf', 'f48fbf', 'c2e1bff1bfbf'],
  'bytes that are never': ['c0', 'c1', 'f5', 'f6', 'f7', 'f8', 'f9', 'fa', 'fb', 'fc', 'fd', 'fe', 'ff', 'fefeffff'],
  'a slash that is too long': ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af'],
  'the greatest that are too long': ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'],
  'a NUL that is too long': ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080'],
  'half of a surrogate pair': ['eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf'],
  'a surrogate pair': ['eda080edb080', 'eda080edbfbf', 'edadbfedb080', 'edadbfedbfbf', 'edae80edb080', 'edae80edbfbf', 'edafbfedb080', 'edafbfedbfbf'],
  'beyond U+10FFFF': ['f4908080', 'f4bfbfbf', 'f5808080', 'f7bfbfbf', 'f888808080', 'fbbfbfbfbf', 'fc8480808080', 'fdbfbfbfbfbf'],
  'good text, then broken, then good': ['cebae1bdb9cf83cebcceb5eda080656469746564', '48656c6c6fc0af776f726c64', 'f09f9880fff09f9880'],
}

function utf8(): Case[] {
  const mixed = hex('cebae1bdb9cf83cebcceb5')
  const broken = hex('cebae1bdb9cf83cebcceb5f4908080656469746564')
  return [
    ...characters.map((bytes) => echoed(`UTF-8 ${bytes}`, frame(text, hex(bytes)))),
    ...Object.entries(brokenText).flatMap(([name, list]) => list.map((bytes) => fails(`${name}: ${bytes}`, 1007, frame(text, hex(bytes))))),
    ...Array.from({ length: mixed.length - 1 }, (_, at) => row(`a text cut behind byte ${at + 1}`, [frame(textStart, mixed.subarray(0, at + 1)), frame(last, mixed.subarray(at + 1))],
      { delivers: [frame(text, mixed)] })),
    row('a text with a ping within a character', [frame(textStart, hex('f09f')), frame(ping, 'x'), frame(last, hex('9880'))],
      { delivers: [frame(text, '😀')], answers: [frame(pong, 'x')] }),
    fails('broken, in fragments', 1007, frame(textStart, broken.subarray(0, 11)), frame(more, broken.subarray(11, 15)), frame(last, broken.subarray(15))),
    fails('broken in the first fragment: told before the message ends', 1007, frame(textStart, hex('41ff'))),
    fails('broken in a continuation: told before the message ends', 1007, frame(textStart, hex('41')), frame(more, hex('c0'))),
    fails('too great at its second byte, before the message ends', 1007, frame(textStart, hex('f490'))),
    fails('a character that the message ends in', 1007, frame(textStart, hex('f09f')), frame(last)),
    fails('a character that goes on in the next message', 1007, frame(text, hex('f09f')), frame(text, hex('9880'))),
    echoed('bytes may be anything', frame(binary, hex('c0af eda080 f4908080 ff fe 80'))),
  ]
}

function closing(): Case[] {
  const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
  const wrong = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]
  const coded = (code: number, reason = '') => Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)])
  return [
    row('without a code', [frame(close)], { end: 1005 }),
    row('twice', [frame(close, coded(1000)), frame(close, coded(1000))], { end: 1000 }),
    row('a message before it', [frame(text, 'first'), frame(close, coded(1000))], { delivers: [frame(text, 'first')], end: 1000 }),
    row('a message behind it', [frame(close, coded(1000)), frame(text, 'late')], { end: 1000 }),
    row('a ping behind it', [frame(close, coded(1000)), frame(ping, 'late')], { end: 1000 }),
    row('half a code', [frame(close, hex('03'))], { end: 1002 }),
    row('with a reason', [frame(close, coded(1000, 'Hello, world!'))], { end: 1000 }),
    row('with a reason of 123 bytes', [frame(close, coded(1000, '*'.repeat(123)))], { end: 1000 }),
    row('with one of 124', [frame(close, coded(1000, '*'.repeat(124)))], { end: 1002 }),
    row('with a reason in other letters', [frame(close, coded(1000, 'κόσμε'))], { end: 1000 }),
    row('with a reason that is no UTF-8', [frame(close, hex('03e8 ceba e1bd b9cf 83ce bcce b5ed a080'))], { end: 1007 }),
    ...codes.map((code) => row(`code ${code}`, [frame(close, coded(code))], { end: code })),
    ...codes.map((code) => row(`code ${code} with a reason`, [frame(close, coded(code, 'because'))], { end: code })),
    ...wrong.map((code) => row(`code ${code}, which may not be sent`, [frame(close, coded(code))], { end: 1002 })),
  ]
}

function sizes(): Case[] {
  const KiB = 1024
  const MiB = 1024 * KiB
  const cut = (payload: Buffer, step: number, start: number): Sent[] => {
    const pieces = Array.from({ length: Math.ceil(payload.length / step) }, (_, at) => payload.subarray(at * step, (at + 1) * step))
    return pieces.map((piece, at) => frame((at === 0 ? start : more) | (at === pieces.length - 1 ? 0x80 : 0), piece))
  }
  const letters = Buffer.alloc(MiB, 'BAsd7&jh23')
  const many = (first: number, size: number) => echoed(`500 messages of ${size} bytes, opcode ${first & 0x0f}`, ...Array.from({ length: 500 }, (_, at) => frame(first, Buffer.alloc(size, 97 + at % 26))))
  return [
    ...[64 * KiB, 256 * KiB, MiB, 4 * MiB, 16 * MiB].flatMap((size) => [
      echoed(`a text of ${size / KiB} KiB`, frame(text, Buffer.alloc(size, 'BAsd7&jh23'))), echoed(`${size / KiB} KiB of bytes`, frame(binary, Buffer.alloc(size, 0xfe))),
    ]),
    ...[64, 256, KiB, 4 * KiB, 64 * KiB, 256 * KiB].flatMap((step) => [
      row(`a text of 1 MiB in fragments of ${step}`, cut(letters, step, textStart), { delivers: [frame(text, letters)] }),
      row(`1 MiB of bytes in fragments of ${step}`, cut(letters, step, binaryStart), { delivers: [frame(binary, letters)] }),
    ]),
    ...[0, 16, 64, 256, 1024].flatMap((size) => [many(text, size), many(binary, size)]),
    fails('one byte more than a message may have', 1009, frame(binaryStart, Buffer.alloc(16 * MiB)), frame(last, 'x')),
  ]
}

/** By section. */
export const cases: Readonly<Record<string, readonly Case[]>> = {
  framing: framing(), pings: pings(), 'reserved bits': reservedBits(), opcodes: opcodes(), fragments: fragments(), 'UTF-8': utf8(), closing: closing(), sizes: sizes(),
}
