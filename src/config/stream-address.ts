/** Where raw byte streams are listened for: `tcp://127.0.0.1:8080`, `unix:/run/broker.sock`, or a port of the loopback. */

export interface TcpAddress {
  readonly kind: 'tcp'
  /** An IP address without brackets, or a name to resolve. */
  readonly host: string
  readonly port: number
}

export interface UnixAddress {
  readonly kind: 'unix'
  readonly path: string
}

export type StreamAddress = TcpAddress | UnixAddress

const portMax = 65_535
/** sockaddr_un has 108 bytes, one of them for the end. */
const pathBytesMax = 107

function tcp(host: string, digits: string): TcpAddress | null {
  const port = Number(digits)
  return port > portMax ? null : { kind: 'tcp', host, port }
}

/** null when the text is none of them. */
export function parseStreamAddress(text: string): StreamAddress | null {
  if (/^\d{1,5}$/.test(text)) return tcp('localhost', text)
  const [, host, digits] = /^tcp:\/\/(?:\[([0-9A-Fa-f:.]+)\]|[A-Za-z0-9][A-Za-z0-9_.-]*):(\d{1,5})$/.exec(text) ?? []
  if (digits !== undefined) return tcp(host ?? text.slice('tcp://'.length, -digits.length - 1), digits)
  const path = /^unix:(\/[^\0]+)$/.exec(text)?.[1]
  return path === undefined || Buffer.byteLength(path) > pathBytesMax ? null : { kind: 'unix', path }
}
