/** WebSocket frames as bytes, RFC 6455 §5.2, also wrong ones. */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameParts {
  readonly opcode: number
  readonly payload?: string | Uint8Array
  readonly final?: boolean
  /** The three reserved bits, 0..7. */
  readonly reserved?: number
  readonly masked?: boolean
  /** Said in the header instead of the payload's length. */
  readonly declared?: bigint
}

const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

function lengthBytes(length: bigint, maskBit: number): Buffer {
  if (length < 126n) return Buffer.from([maskBit | Number(length)])
  const long = length > 0xffffn
  const bytes = Buffer.alloc(long ? 9 : 3)
  bytes[0] = maskBit | (long ? 127 : 126)
  if (long) bytes.writeBigUInt64BE(length, 1)
  else bytes.writeUInt16BE(Number(length), 1)
  return bytes
}

/** A frame as a client sends it: masked, unless told otherwise. */
export function frame({ opcode, payload = '', final = true, reserved = 0, masked = true, declared }: FrameParts): Buffer {
  const bytes = Buffer.from(payload)
  const head = Buffer.from([(final ? 0x80 : 0) | (reserved << 4) | opcode])
  const length = lengthBytes(declared ?? BigInt(bytes.length), masked ? 0x80 : 0)
  if (!masked) return Buffer.concat([head, length, bytes])
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ (mask[at % 4] ?? 0)
  return Buffer.concat([head, length, mask, bytes])
}

/** A close frame's payload. */
export function closePayload(code: number, reason = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)])
}

export interface Frame {
  readonly opcode: number
  readonly final: boolean
  readonly payload: Buffer
  /** As it was on the wire. */
  readonly bytes: Buffer
}

interface FrameSize {
  readonly headBytes: number
  readonly length: number
}

/** Of the first frame of a server's stream, or null while its head is incomplete. @throws {Error} a masked one. */
function sizeOfFrame(stream: Buffer): FrameSize | null {
  const second = stream[1]
  if (second === undefined) return null
  if ((second & 0x80) !== 0) throw new Error('a server must not mask its frames')
  const short = second & 0x7f
  const headBytes = short === 127 ? 10 : short === 126 ? 4 : 2
  if (stream.length < headBytes) return null
  return { headBytes, length: short === 127 ? Number(stream.readBigUInt64BE(2)) : short === 126 ? stream.readUInt16BE(2) : short }
}

/** All bytes of the first frame; 0 while its head is incomplete. */
export function frameBytes(stream: Buffer): number {
  const size = sizeOfFrame(stream)
  return size === null ? 0 : size.headBytes + size.length
}

/** The first frame of a server's stream, or null while it is incomplete. @throws {Error} a masked one. */
export function takeFrame(stream: Buffer): Frame | null {
  const first = stream[0]
  const size = sizeOfFrame(stream)
  if (first === undefined || size === null || stream.length < size.headBytes + size.length) return null
  const { headBytes, length } = size
  const bytes = stream.subarray(0, headBytes + length)
  return { opcode: first & 0x0f, final: (first & 0x80) !== 0, payload: bytes.subarray(headBytes), bytes }
}

/** Code and reason of a close frame. */
export function closeOf({ opcode, payload }: Frame): { code: number; reason: string } {
  if (opcode !== opcodes.close) throw new Error(`must be a close frame, got: opcode ${opcode}`)
  if (payload.length === 0) return { code: 1005, reason: '' }
  return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() }
}
