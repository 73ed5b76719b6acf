/** The certificates of a running engine: they follow their files, and other sections may take their place. */

import type { BrokerConfig } from './config/schema.js'
import type { BrokerExtension, ExtensionPort } from './extension.js'
import { explainTlsError } from './tls/explain.js'
import { assertSamePlan, noTls, planTls, type TlsPlan } from './tls/plan.js'
import { TlsKeeper } from './tls/tls-keeper.js'

/** By their brokers' ports: what a reload is for. */
const extensions = new WeakMap<ExtensionPort, TlsExtension>()

export class TlsExtension implements BrokerExtension {
  readonly #keeper: TlsKeeper
  #plan: TlsPlan

  constructor(plan: TlsPlan, port: ExtensionPort) {
    const { engine, warn, count } = port
    extensions.set(port, this)
    this.#plan = plan
    this.#keeper = new TlsKeeper(plan.sources, { setTls: (index, options) => engine.setTls(index, options), warn, note: warn })
    count('tls_reloads', 'times that certificates were read again and taken', () => this.#keeper.reloads)
    count('tls_reload_failures', 'times that certificates were read again and did not fit', () => this.#keeper.failures)
    count('tls_certificate_expiry_seconds_now', 'seconds until the first certificate, or one behind it, ends', () => this.#keeper.expirySeconds)
    setImmediate(() => { // when whoever started the broker listens for warnings
      for (const warning of plan.sources.flatMap(({ loaded }) => loaded.warnings)) warn('tls-certificate', warning)
      this.#keeper.checkExpiry()
    })
  }

  /**
   * Reads the files again, or takes the sections of another configuration.
   * @throws {ConfigError} what does not fit stays as it was.
   */
  reload(config: BrokerConfig | null): void {
    const next = config === null ? null : planTls(config)
    if (next !== null) assertSamePlan(this.#plan, next)
    try {
      this.#keeper.reload(next?.sources ?? null)
    } catch (error) {
      throw explainTlsError(error, (next ?? this.#plan).sources)
    }
    this.#plan = next ?? this.#plan
  }

  onEvent(): void {}

  beginDrain(): void {}

  async close(): Promise<void> {
    this.#keeper.close()
  }
}

/**
 * Has a broker read its certificates again; with a configuration, those of its `tls` sections instead.
 * @throws {ConfigError} a file that does not fit, or a listener that would be another: everything stays as it was.
 */
export function reloadTls({ port }: { readonly port: ExtensionPort }, config: BrokerConfig | null): void {
  const extension = extensions.get(port)
  if (extension !== undefined) extension.reload(config)
  else if (config !== null) assertSamePlan(noTls, planTls(config))
}
