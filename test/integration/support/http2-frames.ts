/** HTTP/2 frames as bytes, RFC 9113 §4 and §6, also wrong ones. */

export const types = { data: 0, headers: 1, priority: 2, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const

export const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const

/** §7. */
export const errors = { protocol: 1, flowControl: 3, compression: 9, enhanceYourCalm: 11 } as const

export function frame(type: number, flag: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flag
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** What a client says first, with settings: pairs of id and value. */
export function preface(settings: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = Buffer.concat(settings.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), u32(value)])))
  return Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(types.settings, 0, 0, payload)])
}

/** RFC 7541 §6.2.2 with names and values of less than 127 bytes. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)])
}

/** The header block of a gRPC request. */
export function requestBlock(path: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x83, 0x86]), field(':path', path), field('content-type', 'application/grpc'), field('te', 'trailers'),
  ])
}

export function request(stream: number, path: string): Buffer {
  return frame(types.headers, flags.endHeaders, stream, requestBlock(path))
}

/** Content of one stream, which ends with it. */
export function lastData(stream: number, content: Uint8Array): Buffer {
  return frame(types.data, flags.endStream, stream, content)
}

/** A gRPC message without a field. */
export const emptyMessage = Buffer.alloc(5)

export interface Goaway {
  readonly error: number
  readonly reason: string
}

/** The GOAWAY in what a server sent, or null. */
export function findGoaway(bytes: Buffer): Goaway | null {
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = bytes.readUIntBE(at, 3)
    const payload = bytes.subarray(at + 9, at + 9 + length)
    if (bytes[at + 3] === types.goaway && payload.length >= 8) return { error: payload.readUInt32BE(4), reason: payload.subarray(8).toString() }
    at += 9 + length
  }
  return null
}
