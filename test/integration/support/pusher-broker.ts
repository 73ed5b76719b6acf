/** A broker that speaks the Pusher protocol, inside the test's process, and the `pusher` SDK for each of its apps. */

import Sdk from 'pusher'
import type { Broker, BrokerOptions } from '../../../src/index.js'
import { embed } from './embedded.js'
import { overTls } from '../../support/over-tls.js'

interface Test {
  teardown(task: () => unknown): void
}

type PusherOptions = NonNullable<BrokerOptions['pusher']>
export type AppOptions = NonNullable<PusherOptions['apps']>[number]

export interface PusherBroker {
  readonly broker: Broker
  readonly port: number
  /** The first app's key. */
  readonly key: string
  /** What the first app's server has. */
  readonly sdk: Sdk
  /** What the server of an app has. */
  sdkOf(app: AppOptions): Sdk
}

/** An app with everything switched on. */
export const shop = { id: 'shop', key: 'shop-key', secret: 'shop-secret', clientEvents: true } satisfies AppOptions

const encryptionMasterKeyBase64 = Buffer.alloc(32, 'fan out').toString('base64')

/** The SDK as its users create it: nothing but host, port, id, key and secret is ours. */
export function sdkFor({ id, key, secret }: AppOptions, port: number): Sdk {
  return new Sdk({ appId: id, key, secret, host: '127.0.0.1', port: String(port), useTLS: overTls() !== null, encryptionMasterKeyBase64 })
}

export interface PusherSetting {
  readonly apps?: readonly [AppOptions, ...AppOptions[]]
  /** The rest of the protocol's options. */
  readonly pusher?: Omit<PusherOptions, 'apps' | 'hosts' | 'port'>
  /** The rest of the broker's options. */
  readonly options?: Omit<BrokerOptions, 'pusher' | 'publish' | 'subscribe'>
}

/** Starts on a free port of 127.0.0.1. */
export async function embedPusher(t: Test, { apps = [shop], pusher = {}, options = {} }: PusherSetting = {}): Promise<PusherBroker> {
  const { broker } = await embed(t, { ...options, pusher: { ...pusher, hosts: ['127.0.0.1'], port: 0, apps: [...apps] } })
  const port = broker.listeners.find(({ protocol }) => protocol === 'pusher')?.port ?? 0
  const [first] = apps
  const sdkOf = (app: AppOptions) => sdkFor(app, port)
  return { broker, port, key: first.key, sdk: sdkOf(first), sdkOf }
}
