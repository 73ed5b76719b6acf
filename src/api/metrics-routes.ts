/** `/metrics`: the engine's counters and this process's figures for Prometheus. */

import type { Registry } from 'prom-client'
import type { EngineStats } from '../native/binding.js'
import type { HttpResponse, Route } from '../http/contract.js'
import type { ApiDeps } from './api.js'
import { answeringRefusals } from './broker-refusals.js'

/** Sums that prom-client adds to the figures by kind: gauges with the name of a counter, which promtool refuses. */
const sums = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total']

type Prometheus = typeof import('prom-client')

/** Loaded when it is asked for first: who never asks does not wait for it at the start. */
async function loadPrometheus(): Promise<Prometheus> {
  const module = await import('prom-client')
  return module.default // of a CommonJS module, not every bundler finds the names
}

/** Observers of the process live as long as it does: one set of them, made when it is asked for first. */
let processRegistry: Registry | null = null

function processMetrics(prometheus: Prometheus): Promise<string> {
  if (processRegistry === null) {
    processRegistry = new prometheus.Registry()
    prometheus.collectDefaultMetrics({ register: processRegistry })
    for (const name of sums) processRegistry.removeSingleMetric(name)
  }
  return processRegistry.metrics()
}

/** `connections_now` is the gauge `broker_connections`, `bytes_sent` the counter `broker_bytes_sent_total`. */
class EngineMetrics {
  readonly #prometheus: Prometheus
  readonly #registry: Registry
  readonly #setters = new Map<string, (value: number) => void>()
  /** What each one counts. */
  readonly #explain: () => Readonly<Record<string, string>>

  constructor(prometheus: Prometheus, explain: () => Readonly<Record<string, string>>) {
    this.#prometheus = prometheus
    this.#registry = new prometheus.Registry()
    this.#explain = explain
  }

  text(stats: EngineStats): Promise<string> {
    for (const [name, value] of Object.entries(stats)) this.#setterOf(name)(value)
    return this.#registry.metrics()
  }

  #setterOf(name: string): (value: number) => void {
    const setter = this.#setters.get(name) ?? (name.endsWith('_now') ? this.#gauge(name) : this.#counter(name))
    this.#setters.set(name, setter)
    return setter
  }

  /** A sentence: `sockets open` is `Sockets open.` */
  #help(name: string): string {
    const text = this.#explain()[name] ?? name
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
  }

  #gauge(name: string): (value: number) => void {
    const short = name.replace(/_now$/, '')
    const gauge = new this.#prometheus.Gauge({ name: `broker_${short}`, help: this.#help(name), registers: [this.#registry] })
    return (value) => gauge.set(value)
  }

  #counter(name: string): (value: number) => void {
    const counter = new this.#prometheus.Counter({ name: `broker_${name}_total`, help: this.#help(name), registers: [this.#registry] })
    return (value) => {
      counter.reset()
      counter.inc(value)
    }
  }
}

export function metricsRoutes(deps: ApiDeps): readonly Route[] {
  let engine: EngineMetrics | null = null
  async function answer(stats: EngineStats): Promise<HttpResponse> {
    const prometheus = await loadPrometheus()
    engine ??= new EngineMetrics(prometheus, () => deps.explainStats())
    const body = (await Promise.all([engine.text(stats), processMetrics(prometheus)])).join('\n')
    return { status: 200, headers: { 'content-type': prometheus.Registry.PROMETHEUS_CONTENT_TYPE, 'cache-control': 'no-store' }, body }
  }
  const handle = answeringRefusals(() => answer(deps.stats()))
  return [{ method: 'GET', path: '/metrics', bodyBytesMax: 0, access: 'token', about: 'counters and gauges for Prometheus', handle }]
}
