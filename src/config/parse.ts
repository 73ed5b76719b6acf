/** From any value to a validated configuration, or to a ConfigError with one line for each problem. */

import type { z } from 'zod'
import { ConfigError, type ConfigIssue } from '../errors.js'
import { crossIssues } from './cross-checks.js'
import { nearest } from './nearest.js'
import { leafPaths, siblingKeys } from './paths.js'
import { brokerSchema, configSchema, type BrokerConfig, type Config } from './schema.js'
import { hidden, hideSecrets, isSecretAt } from './secrets.js'
import { pusherApp, type PusherAppConfig } from './sections/pusher-app.js'

export type Path = readonly PropertyKey[]

/** Where the value at a path came from, or null. */
export type SourceOf = (path: Path) => string | null

const gotMax = 100

/** `limits.messageBytesMax`, `slowConsumers[0].policy`. */
export function formatPath(path: Path): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${String(key)}`)).join('')
}

/** As JSON without secrets; a value that has none (a circle, a symbol) by its kind. */
function toText(value: unknown): string {
  try {
    return JSON.stringify(value, hideSecrets) ?? String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** A value in a message: short, on one line, plain words unquoted. */
export function formatGot(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string' && /^[\w.:%*+/-]+$/.test(value)) return value.slice(0, gotMax)
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  const text = toText(value)
  return text.length > gotMax ? `${text.slice(0, gotMax)}…` : text
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined),
    root,
  )
}

/** The same of what stands at a path, which may be a secret. */
export function formatGotAt(path: Path, value: unknown): string {
  return isSecretAt(path, value) ? hidden : formatGot(value)
}

/** A key beside it that is spelled nearly so, or one of that name in another section. */
function guessKey(path: Path): string | null {
  const key = String(path.at(-1))
  const sibling = nearest(key, siblingKeys(configSchema, path).filter((each) => each !== key)) // log is one of `broker start` only
  if (sibling !== null) return formatPath([...path.slice(0, -1), sibling])
  const known = leafPaths(configSchema).map(({ path: leaf }) => leaf)
  const elsewhere = known.find((leaf) => leaf.at(-1)?.toLowerCase() === key.toLowerCase())
  return elsewhere?.join('.') ?? nearest(formatPath(path), known.map((leaf) => leaf.join('.')))
}

function unknownKeyProblem(path: Path): string {
  const guess = guessKey(path)
  return guess === null ? 'is not a known key' : `is not a known key (did you mean ${guess}?)`
}

function toIssues(issue: z.core.$ZodIssue, raw: unknown, sourceOf: SourceOf): ConfigIssue[] {
  const unknown = issue.code === 'unrecognized_keys'
  const paths = unknown ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
  return paths.map((path) => ({
    path: formatPath(path),
    problem: unknown ? unknownKeyProblem(path) : issue.message,
    got: formatGotAt(path, valueAt(raw, path)),
    source: sourceOf(path),
  }))
}

/** One issue a key: a value that is no whole number is usually also out of range. */
function firstOfEachPath(issues: readonly ConfigIssue[]): ConfigIssue[] {
  return issues.filter((issue, at) => issues.findIndex((other) => other.path === issue.path) === at)
}

function parse<Schema extends z.ZodType<BrokerConfig>>(schema: Schema, raw: unknown, sourceOf: SourceOf): z.output<Schema> {
  const result = schema.safeParse(raw)
  if (!result.success) {
    throw new ConfigError(firstOfEachPath(result.error.issues.flatMap((issue) => toIssues(issue, raw, sourceOf))))
  }
  const crossed = crossIssues(result.data)
  if (crossed.length > 0) {
    throw new ConfigError(
      crossed.map(({ path, problem, value }) => ({
        path: formatPath(path), problem, got: formatGotAt(path, valueAt(raw, path) ?? value), source: sourceOf(path),
      })),
    )
  }
  return result.data
}

const noSource: SourceOf = () => null

/**
 * Validates options of `createBroker`.
 * @throws {ConfigError} an unknown key, a value of the wrong type or out of range, or values that contradict each other.
 */
export function parseOptions(raw: unknown): BrokerConfig {
  return parse(brokerSchema, raw, noSource)
}

/**
 * Validates the configuration of `broker start`.
 * @throws {ConfigError} as parseOptions, each issue with the source of its value.
 */
export function parseConfig(raw: unknown, sourceOf: SourceOf): Config {
  return parse(configSchema, raw, sourceOf)
}

/** An app with its defaults. @throws {z.ZodError} for code of ours that makes a wrong one. */
export function parsePusherApp(raw: z.input<typeof pusherApp>): PusherAppConfig {
  return pusherApp.parse(raw)
}
