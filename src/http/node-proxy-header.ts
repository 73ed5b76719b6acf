/** The PROXY header in front of a connection that Node's server accepted itself. Thread: main. */

import type { Socket } from 'node:net'
import type { ProxyHeader } from '../native/proxy-binding.js'
import { refuseConnection } from './node-refusal.js'
import { problem } from './problem.js'

export interface ProxyHeaderOptions {
  /** As NativeEngine.readProxyHeader. */
  readonly read: (bytes: Uint8Array) => ProxyHeader | null
  /** Milliseconds that it may take; over them the connection is refused. */
  readonly ms: number
}

/**
 * Reads the header and nothing of what follows it. `onHeader` gets the client's address, null where the proxy does not know it, and what was
 * read behind the header; it is not called when the connection ends or is refused.
 */
export function readProxyHeader(socket: Socket, { read, ms }: ProxyHeaderOptions, onHeader: (client: string | null, rest: Buffer) => void): void {
  let bytes = Buffer.alloc(0)
  const timer = setTimeout(() => refuse(408, 'the PROXY header took too long'), ms)
  const stop = () => {
    clearTimeout(timer)
    socket.off('data', onData).off('close', stop).off('end', onEnd).off('error', onError)
  }
  const onEnd = () => void socket.destroy()
  const onError = () => {} // 'close' follows
  const onData = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    const header = read(bytes)
    if (header === null) return
    if (header.problem !== null) return refuse(400, header.problem)
    stop()
    socket.pause()
    onHeader(header.client, bytes.subarray(header.bytes))
  }
  function refuse(status: number, detail: string): void {
    stop()
    refuseConnection(socket, problem(status, detail))
  }
  socket.on('data', onData).on('close', stop).on('end', onEnd).on('error', onError)
}
