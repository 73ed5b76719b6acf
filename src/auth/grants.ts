/** What somebody may do. Grants are immutable and shared: one object for all who hold one credential. */

import { apiRights, type ApiRight } from '../config/sections/auth.js'
import { topicMatcher, withSubject } from './topic-pattern.js'

/** What may be done with topics. */
export type Use = 'publish' | 'subscribe'

export interface Grants {
  /** Patterns of topics (topic-pattern.ts), with every `{sub}` replaced. */
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  /** To publish over the API needs its right and a pattern for the topic. */
  readonly api: readonly ApiRight[]
}

/** Grants as they are written down: each part may be absent, patterns may name `{sub}`. Patterns are valid ones. */
export interface WrittenGrants {
  readonly publish?: readonly string[] | undefined
  readonly subscribe?: readonly string[] | undefined
  readonly api?: readonly ApiRight[] | undefined
}

function patternsFor(written: readonly string[], subject: string | null): readonly string[] {
  const patterns = written.map((pattern) => withSubject(pattern, subject)).filter((pattern) => pattern !== null)
  return Object.freeze([...new Set(patterns)])
}

/** Grants for one subject; null: it has none, and patterns with `{sub}` grant nothing. */
export function grantsFor({ publish = [], subscribe = [], api = [] }: WrittenGrants, subject: string | null): Grants {
  return Object.freeze({
    publish: patternsFor(publish, subject), subscribe: patternsFor(subscribe, subject), api: Object.freeze([...new Set(api)]),
  })
}

export const noGrants: Grants = grantsFor({}, null)
export const allGrants: Grants = grantsFor({ publish: ['**'], subscribe: ['**'], api: apiRights }, null)

function isEmpty({ publish, subscribe, api }: Grants): boolean {
  return publish.length + subscribe.length + api.length === 0
}

/** What either of both allows. */
export function together(one: Grants, other: Grants): Grants {
  if (isEmpty(other)) return one
  return grantsFor({
    publish: [...one.publish, ...other.publish], subscribe: [...one.subscribe, ...other.subscribe], api: [...one.api, ...other.api],
  }, null)
}

/** Whether all that `before` allows is written in `after`, too; a wider pattern in its place does not count. */
export function isWithin(before: Grants, after: Grants): boolean {
  return (['publish', 'subscribe', 'api'] as const).every((part) => {
    const kept: readonly string[] = after[part]
    return before[part].every((entry) => kept.includes(entry))
  })
}

type Matcher = (topic: string) => boolean

const matchers = new WeakMap<readonly string[], readonly Matcher[]>()

function matchersOf(patterns: readonly string[]): readonly Matcher[] {
  const known = matchers.get(patterns)
  if (known !== undefined) return known
  const made = patterns.map(topicMatcher)
  matchers.set(patterns, made)
  return made
}

/** Whether a topic may be used so. */
export function permits(grants: Grants, use: Use, topic: string): boolean {
  return matchersOf(grants[use]).some((matches) => matches(topic))
}
