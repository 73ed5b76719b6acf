/** A client of @grpc/grpc-js on a connection of its own, whose calls keep what they receive. */

import {
  Client, credentials, Metadata, type CallOptions, type ChannelCredentials, type ClientDuplexStream, type ClientOptions, type ClientReadableStream,
  type ClientWritableStream, type ServiceDefinition, type StatusObject,
} from '@grpc/grpc-js'
import { eventually, soon } from './eventually.js'
import { messageService, methodOf, v1Service } from './grpc-services.js'
import { overTls } from '../../support/over-tls.js'

interface Test {
  teardown(task: () => unknown): void
}

export interface Message {
  readonly author: number
  readonly data: string
  /** Only in an answer of Last; 0 elsewhere. */
  readonly offset?: number
}

export interface Publication {
  readonly author: number
  readonly data: string
  /** Only for broker.v1. */
  readonly topic?: string
}

export interface Subscription {
  readonly call: ClientReadableStream<Message>
  /** Everything so far, oldest first. */
  readonly received: readonly Message[]
  /** Resolves when at least `count` messages have come in all. */
  has(count: number): Promise<void>
  /** How it ended. */
  ended(): Promise<StatusObject>
}

export interface Publisher {
  readonly call: ClientWritableStream<Publication>
  send(publication: Publication): void
  /** Half-closes and resolves with the answer; rejects with a status. */
  end(): Promise<PublishAnswer>
  ended(): Promise<StatusObject>
}

export interface PublishAnswer {
  readonly status: string
  /** Only from broker.v1. */
  readonly messages?: number
}

export interface SubscribeRequest {
  readonly subscriber?: string
  readonly topic?: string
  readonly since?: number
  readonly last?: number
}

/** Metadata with the topic, or none. */
export function withTopic(topic?: string): Metadata {
  const metadata = new Metadata()
  if (topic !== undefined) metadata.set('topic', topic)
  return metadata
}

export class GrpcClient {
  readonly #client: Client

  /** Connects with the first call. Each object has a connection of its own: grpc-js shares them otherwise. */
  constructor(t: Test, port: number, options: ClientOptions = {}, given: ChannelCredentials | null = null) {
    const usual = () => (overTls() === null ? credentials.createInsecure() : credentials.createSsl(overTls()?.ca))
    this.#client = new Client(`127.0.0.1:${port}`, given ?? usual(), { 'grpc.use_local_subchannel_pool': 1, ...options })
    t.teardown(() => this.#client.close())
  }

  close(): void {
    this.#client.close()
  }

  /** A call with one answer. It rejects with a ServiceError: code, details, metadata. */
  unary<Answer>(service: ServiceDefinition, name: string, request: object, metadata = new Metadata(), options: CallOptions = {}): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, name)
    return soon(`an answer of ${path}`, new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, (error, answer) => {
        if (error === null) resolve(answer as Answer)
        else reject(error)
      })
    }))
  }

  /** A call with many answers. */
  stream<Answer>(service: ServiceDefinition, name: string, request: object, metadata = new Metadata(), options: CallOptions = {}): ClientReadableStream<Answer> {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, name)
    const call = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata, options)
    call.on('error', () => {}) // its status says the same
    return call as unknown as ClientReadableStream<Answer>
  }

  duplex<Request, Answer>(service: ServiceDefinition, name: string): ClientDuplexStream<Request, Answer> {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, name)
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    call.on('error', () => {})
    return call as unknown as ClientDuplexStream<Request, Answer>
  }

  /** Begins to subscribe to the topic of the metadata. */
  startSubscription(topic?: string, request: SubscribeRequest = { subscriber: 'test' }, options: CallOptions = {}): Subscription {
    return keep(this.stream(messageService, 'Subscribe', request, withTopic(topic), options))
  }

  /** The same; resolves when the subscription is acknowledged by its headers. */
  subscribe(topic?: string, request?: SubscribeRequest, options?: CallOptions): Promise<Subscription> {
    return acknowledged(this.startSubscription(topic, request, options))
  }

  /** The service broker.v1: the topic is in the request. */
  subscribeV1(request: SubscribeRequest, metadata = new Metadata()): Promise<Subscription> {
    return acknowledged(keep(this.stream(v1Service, 'Subscribe', request, metadata)))
  }

  /** Opens a Publish stream to the topic of the metadata. */
  publisher(topic?: string, options: CallOptions = {}): Publisher {
    return this.#publisher(messageService, withTopic(topic), options)
  }

  /** The service broker.v1: the topic is in each message. */
  publisherV1(metadata = new Metadata()): Publisher {
    return this.#publisher(v1Service, metadata, {})
  }

  /** One message in a stream of its own. */
  async publish(publication: Publication, topic?: string): Promise<PublishAnswer> {
    const publisher = this.publisher(topic)
    publisher.send(publication)
    return publisher.end()
  }

  #publisher(service: ServiceDefinition, metadata: Metadata, options: CallOptions): Publisher {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, 'Publish')
    let settle: (error: Error | null, answer?: PublishAnswer) => void = () => {}
    const answer = new Promise<PublishAnswer>((resolve, reject) => {
      settle = (error, value) => {
        if (error === null && value !== undefined) resolve(value)
        else reject(error ?? new Error('an answer without a message'))
      }
    })
    answer.catch(() => {}) // not everybody asks for it
    const call = this.#client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, metadata, options, (error, value) => {
      settle(error, value as PublishAnswer | undefined)
    })
    call.on('error', () => {})
    return {
      call: call as unknown as ClientWritableStream<Publication>,
      send: (publication) => { call.write(publication) },
      end() {
        call.end()
        return soon('the answer of Publish', answer)
      },
      ended: endOf(call),
    }
  }
}

interface Ends {
  once(event: 'status', listener: (status: StatusObject) => void): unknown
}

/** Listens for the end of a call from now on; what it returns waits for it. */
export function endOf(call: Ends): () => Promise<StatusObject> {
  const end = new Promise<StatusObject>((resolve) => call.once('status', resolve))
  return () => soon('the end of a call', end)
}

/** Keeps what a stream receives. */
export function keep(call: ClientReadableStream<Message>): Subscription {
  const received: Message[] = []
  call.on('data', (message: Message) => received.push(message))
  const status = endOf(call)
  let how: StatusObject | null = null
  call.once('status', (given: StatusObject) => { how = given })
  const read = new Promise((resolve) => call.once('end', resolve))
  return {
    call, received,
    async ended() {
      await soon('the end of what was received', read) // grpc-js tells the status while messages wait to be read
      return status()
    },
    async has(count) {
      await eventually(`${count} messages, got: ${received.length}`, () => received.length >= count || how !== null)
      if (received.length < count) throw new Error(`ended with ${how?.code} ${how?.details} after ${received.length} of ${count} messages`)
    },
  }
}

/** Resolves when the response's headers are there; rejects with the status when the call ends before. */
async function acknowledged(subscription: Subscription): Promise<Subscription> {
  const headers = new Promise<null>((resolve) => subscription.call.once('metadata', () => resolve(null)))
  const end = new Promise<StatusObject>((resolve) => subscription.call.once('status', resolve))
  const refusal = await soon('the headers of Subscribe', Promise.race([headers, end]))
  if (refusal !== null) throw Object.assign(new Error(refusal.details), refusal)
  return subscription
}
