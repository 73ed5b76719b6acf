/** An HTTP client that sends exactly what a test writes, and takes answers apart as they come. */

import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const headEnd = '\r\n\r\n'

function parseHead(head: string): { status: number, headers: Record<string, string> } {
  const [first = '', ...lines] = head.split('\r\n')
  const pairs = lines.map((line): [string, string] => {
    const at = line.indexOf(':')
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
  })
  return { status: Number(first.split(' ')[1]), headers: Object.fromEntries(pairs) }
}

export class RawHttp {
  readonly socket: Socket
  /** Resolves when the connection is gone, however it went. */
  readonly closed: Promise<void>
  #received = Buffer.alloc(0)
  #ended = false
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('error', () => {})
    const end = () => {
      this.#ended = true
      this.#wake()
    }
    socket.once('end', end)
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        end()
        resolve()
      })
    })
  }

  static connect(port: number, address = '127.0.0.1'): Promise<RawHttp> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: address, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RawHttp(socket))
      })
    })
  }

  /** Resolves when the system has taken the bytes; also when nobody wants them. */
  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes, () => resolve())
    })
  }

  /** What came and is not yet part of an answer. */
  get pending(): string {
    return this.#received.toString('latin1')
  }

  /** Whether the server has ended it. */
  get ended(): boolean {
    return this.#ended
  }

  /** The next answer, of which HEAD's has no body; null when the connection ended before it. */
  async answer(to: 'GET' | 'HEAD' = 'GET'): Promise<RawAnswer | null> {
    const headBytes = await this.#until(() => this.#received.indexOf(headEnd))
    if (headBytes === null) return null
    const { status, headers } = parseHead(this.#received.subarray(0, headBytes).toString('latin1'))
    const isHeadOnly = to === 'HEAD' || status === 100
    const length = isHeadOnly ? 0 : Number(headers['content-length'] ?? 0)
    const start = headBytes + headEnd.length
    if (await this.#until(() => (this.#received.length >= start + length ? start + length : -1)) === null) return null
    const body = this.#received.subarray(start, start + length).toString()
    this.#received = this.#received.subarray(start + length)
    return { status, headers, body }
  }

  close(): void {
    this.socket.destroy()
  }

  /** Waits for bytes until `look` says where it found something; null when no more come. */
  async #until(look: () => number): Promise<number | null> {
    for (;;) {
      const found = look()
      if (found !== -1) return found
      if (this.#ended) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** A request's bytes: content-length is added when there is a body. */
export function request(method: string, target: string, options: { headers?: Readonly<Record<string, string>>, body?: string } = {}): string {
  const { headers = {}, body = '' } = options
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries({ host: 'localhost', ...length, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}
