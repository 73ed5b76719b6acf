/** A client of a raw byte stream, over TCP or a Unix socket: says what it is told, counts what it gets. */

import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connectSocket } from '../../support/over-tls.js'
import { eventually } from './eventually.js'

interface Test {
  teardown(task: () => unknown): void
}

export class StreamClient {
  readonly socket: Socket
  received = ''
  ended = false
  failed: string | null = null

  constructor(t: Test, where: TcpNetConnectOpts | { path: string }) {
    this.socket = 'path' in where ? connect({ ...where, allowHalfOpen: true }) : connectSocket({ ...where, allowHalfOpen: true })
    t.teardown(() => this.socket.destroy())
    this.socket.setNoDelay(true).setEncoding('latin1')
    this.socket.on('data', (text: string) => { this.received += text })
    this.socket.once('end', () => { this.ended = true })
    this.socket.on('error', (error: NodeJS.ErrnoException) => { this.failed = error.code ?? error.message })
  }

  /** Sends, and resolves with what has come since, once it is as long as `expected`. */
  async ask(text: string, expected: string): Promise<string> {
    const from = this.received.length
    this.socket.write(text)
    await this.has(from + expected.length)
    return this.received.slice(from)
  }

  has(characters: number): Promise<void> {
    return eventually(`${characters} characters`, () => this.received.length >= characters || this.failed !== null)
  }

  end(): Promise<void> {
    return eventually('the end of the stream', () => this.ended || this.failed !== null)
  }
}
