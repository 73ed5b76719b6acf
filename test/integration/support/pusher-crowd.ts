/** Many connections of many users to presence channels, which come and go in every way that connections go. */

import { once } from 'node:events'
import { WebSocket } from 'ws'
import { authFor, subscriptionText } from '../../../src/pusher/auth.js'
import { clientTarget } from './pusher-session.js'

export interface CrowdPlace {
  readonly port: number
  readonly key: string
  readonly secret: string
}

/** What a crowd is told to do; connections are named by numbers of the teller's. */
export type CrowdStep =
  | { readonly act: 'connect', readonly id: number, readonly user: string }
  | { readonly act: 'join' | 'leave', readonly id: number, readonly channel: string }
  /** close: says goodbye after everything before it. destroy: at once, whatever is under way, without a word. */
  | { readonly act: 'close' | 'destroy', readonly id: number }

interface Connection {
  readonly socket: WebSocket
  readonly user: string
  /** The end of what it was told; rejects never. */
  work: Promise<unknown>
  socketId: string
}

export class Crowd {
  readonly #place: CrowdPlace
  readonly #onError: (error: Error) => void
  readonly #connections = new Map<number, Connection>()

  /** `onError` hears of refusals, and of connections that ended by themselves. */
  constructor(place: CrowdPlace, onError: (error: Error) => void) {
    this.#place = place
    this.#onError = onError
  }

  step(step: CrowdStep): void {
    if (step.act === 'connect') return this.#connect(step.id, step.user)
    const connection = this.#connections.get(step.id)
    if (connection === undefined) throw new Error(`a connection must be open to ${step.act}, got: ${step.id}`)
    switch (step.act) {
      case 'join': return this.#then(connection, () => this.#join(connection, step.channel))
      case 'leave': return this.#then(connection, () => this.#say(connection, 'pusher:unsubscribe', { channel: step.channel }))
      case 'close': return this.#end(step.id, () => this.#then(connection, () => connection.socket.close()))
      case 'destroy': return this.#end(step.id, () => connection.socket.terminate())
    }
  }

  #connect(id: number, user: string): void {
    const { port, key } = this.#place
    const socket = new WebSocket(`ws://127.0.0.1:${port}${clientTarget(key)}`, { perMessageDeflate: false })
    const connection: Connection = { socket, user, work: once(socket, 'message'), socketId: '' }
    this.#connections.set(id, connection)
    socket.on('message', (text: Buffer) => this.#hear(connection, text.toString()))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', (code) => {
      if (this.#connections.get(id) === connection) this.#onError(new Error(`connection ${id} was closed, got: ${code}`))
    })
    connection.work.catch(() => {})
  }

  #hear(connection: Connection, text: string): void {
    const { event, data } = JSON.parse(text) as { event: string, data: string }
    if (event === 'pusher:connection_established') connection.socketId = (JSON.parse(data) as { socket_id: string }).socket_id
    else if (event.endsWith('error')) this.#onError(new Error(`${connection.user} was refused, got: ${text}`))
  }

  #join(connection: Connection, channel: string): void {
    const { socketId, user } = connection
    const data = JSON.stringify({ user_id: user, user_info: { name: user } })
    this.#say(connection, 'pusher:subscribe', { channel, channel_data: data, auth: authFor(this.#place, subscriptionText(socketId, channel, data)) })
  }

  #say({ socket }: Connection, event: string, data: object): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ event, data }))
  }

  #then(connection: Connection, task: () => void): void {
    connection.work = connection.work.then(task).catch(() => {})
  }

  /** It ends because it was told to. */
  #end(id: number, task: () => void): void {
    this.#connections.delete(id)
    task()
  }
}
