/** A client of bytes: a socket that says what it is told, and may stop reading. */

import type { Socket, TcpNetConnectOpts } from 'node:net'
import { patienceMs } from './eventually.js'
import { frameBytes, takeFrame, type Frame } from './frames.js'
import { connectSocket } from '../../support/over-tls.js'

interface Test {
  teardown(task: () => unknown): void
}

interface Waiter {
  /** Returns true when it is served. */
  readonly look: () => boolean
  readonly reject: (error: Error) => void
}

/** A GET that upgrades; `headers` are whole lines. */
export function upgradeRequest(path: string, headers: readonly string[] = []): string {
  return [
    `GET ${path} HTTP/1.1`, 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade',
    'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...headers, '', '',
  ].join('\r\n')
}

export class RawClient {
  readonly socket: Socket
  #chunks: Buffer[] = []
  #received = 0
  #ended = false
  #waiters: Waiter[] = []

  constructor(t: Test, options: TcpNetConnectOpts) {
    this.socket = connectSocket(options)
    t.teardown(() => this.socket.destroy())
    this.socket.on('data', (chunk) => {
      this.#chunks.push(chunk)
      this.#received += chunk.length
      this.#look()
    })
    this.socket.on('error', () => {}) // a reset ends it, and 'close' follows
    this.socket.once('close', () => {
      this.#ended = true
      this.#look()
      for (const { reject } of this.#waiters) reject(new Error('the connection ended'))
    })
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes)
  }

  /** The answer to a request: its head, without what follows it. */
  head(): Promise<string> {
    return this.#wait('an HTTP head', () => {
      const stream = this.#stream()
      const end = stream.indexOf('\r\n\r\n')
      return end === -1 ? null : this.#take(end + 4).toString()
    })
  }

  /** So many bytes. */
  bytes(count: number): Promise<Buffer> {
    return this.#wait(`${count} bytes`, () => (this.#stream().length >= count ? this.#take(count) : null))
  }

  /** The next frame. */
  frame(): Promise<Frame> {
    return this.#wait('a frame', () => {
      if (this.#received < frameBytes(this.#chunks[0] ?? Buffer.alloc(0))) return null // a long one is put together once
      const frame = takeFrame(this.#stream())
      if (frame !== null) this.#take(frame.bytes.length)
      return frame
    })
  }

  /** Everything until the end of the stream, which may be a reset. */
  rest(): Promise<Buffer> {
    return this.#wait('the end of the stream', () => (this.#ended ? this.#take(this.#stream().length) : null))
  }

  /** Handshakes; resolves with the answer's head. */
  upgrade(path = '/', headers: readonly string[] = []): Promise<string> {
    this.write(upgradeRequest(path, headers))
    return this.head()
  }

  #stream(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  #take(count: number): Buffer {
    const stream = this.#stream()
    this.#chunks = [stream.subarray(count)]
    this.#received -= count
    return stream.subarray(0, count)
  }

  #look(): void {
    while (this.#waiters[0]?.look() === true) this.#waiters.shift()
  }

  #wait<T>(what: string, find: () => T | null): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited ${patienceMs} ms for: ${what}`)), patienceMs)
      const settle = () => clearTimeout(timer)
      const look = () => {
        const found = find()
        if (found === null) return false
        settle()
        resolve(found)
        return true
      }
      this.#waiters.push({ look, reject: (error) => { settle(); reject(error) } })
      this.#look()
      if (this.#ended) for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error('the connection ended'))
    })
  }
}

/** Connects and handshakes. @throws {Error} another answer than 101. */
export async function openRaw(t: Test, port: number, path = '/'): Promise<RawClient> {
  const client = new RawClient(t, { host: '127.0.0.1', port })
  const head = await client.upgrade(path)
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`must be answered with 101, got: ${head}`)
  return client
}
