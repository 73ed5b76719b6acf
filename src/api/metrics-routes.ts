/** `/metrics`: the engine's counters and this process's figures for Prometheus. */

import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { EngineStats } from '../native/binding.js'
import type { ApiDeps } from './api.js'
import { answeringRefusals } from './broker-refusals.js'
import type { HttpResponse, Route } from './http.js'

const explained = 'explained in native/metrics/metrics.def'

/** Observers of the process live as long as it does: one set of them, made when it is asked for first. */
let processRegistry: Registry | null = null

function processMetrics(): Promise<string> {
  if (processRegistry === null) {
    processRegistry = new Registry()
    collectDefaultMetrics({ register: processRegistry })
  }
  return processRegistry.metrics()
}

/** `connections_now` is the gauge `broker_connections`, `bytes_sent` the counter `broker_bytes_sent_total`. */
class EngineMetrics {
  readonly #registry = new Registry()
  readonly #setters = new Map<string, (value: number) => void>()

  text(stats: EngineStats): Promise<string> {
    for (const [name, value] of Object.entries(stats)) this.#setterOf(name)(value)
    return this.#registry.metrics()
  }

  #setterOf(name: string): (value: number) => void {
    const setter = this.#setters.get(name) ?? (name.endsWith('_now') ? this.#gauge(name) : this.#counter(name))
    this.#setters.set(name, setter)
    return setter
  }

  #gauge(name: string): (value: number) => void {
    const short = name.replace(/_now$/, '')
    const gauge = new Gauge({ name: `broker_${short}`, help: `${short} at this moment, ${explained}`, registers: [this.#registry] })
    return (value) => gauge.set(value)
  }

  #counter(name: string): (value: number) => void {
    const counter = new Counter({ name: `broker_${name}_total`, help: `${name} since the start, ${explained}`, registers: [this.#registry] })
    return (value) => {
      counter.reset()
      counter.inc(value)
    }
  }
}

async function answer(...texts: Promise<string>[]): Promise<HttpResponse> {
  const body = (await Promise.all(texts)).join('\n')
  return { status: 200, headers: { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE, 'cache-control': 'no-store' }, body }
}

export function metricsRoutes(deps: ApiDeps): readonly Route[] {
  const engine = new EngineMetrics()
  const handle = answeringRefusals(() => answer(engine.text(deps.stats()), processMetrics()))
  return [{ method: 'GET', path: '/metrics', bodyBytesMax: 0, access: 'token', handle }]
}
