/** The query of a signed request, read by hand: it is on the way of every event that a server publishes. */

import { Refusal, got } from './answer.js'

/** A request of the API has five of its own and at most two more; SDKs may add some. */
export const parametersMax = 32

const inName = /[&=\n]/
const inValue = /[&\n]/

/** Names in small letters and ascending, values, both unescaped. No name comes twice. */
export class Query {
  readonly #names: readonly string[]
  readonly #values: readonly string[]

  constructor(names: readonly string[], values: readonly string[]) {
    this.#names = names
    this.#values = values
  }

  /** Null when it is not there. */
  value(name: string): string | null {
    const at = this.#names.indexOf(name)
    return at < 0 ? null : this.#values[at] as string
  }

  /** `k=v&…` of all parameters but one. */
  textWithout(excluded: string): string {
    let text = ''
    for (let at = 0; at < this.#names.length; at++) {
      const name = this.#names[at] as string
      if (name !== excluded) text += `${text === '' ? '' : '&'}${name}=${this.#values[at] as string}`
    }
    return text
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Refusal(400, `a query must be percent-encoded UTF-8, got: ${got(text)}`)
  }
}

/**
 * RFC 3986 §2.1. A `+` is a plus: SDKs sign values unescaped and no value of the API has a space in it. Because what is signed
 * is unescaped, an escaped separator would make two queries the same to a signature: `a=1&b=2` and `a=1%26b=2`.
 */
function unescaped(text: string, separator: RegExp): string {
  if (!text.includes('%')) return text
  const plain = decode(text)
  if (!separator.test(plain)) return plain
  throw new Refusal(400, `a parameter must not have a separator in it, got: ${got(plain)}`)
}

/** Keeps names ascending: SDKs send them so, or nearly. */
function insert(names: string[], values: string[], name: string, value: string): void {
  let at = names.length
  while (at > 0 && (names[at - 1] as string) > name) at--
  if (at > 0 && names[at - 1] === name) throw new Refusal(400, `a parameter must not come twice, got: ${got(name)}`)
  if (at === names.length) {
    names.push(name)
    values.push(value)
  } else {
    names.splice(at, 0, name)
    values.splice(at, 0, value)
  }
}

/**
 * @throws {Refusal} 400: not percent-encoded, an escaped separator, a parameter without a name or twice (whatever the case),
 * more than parametersMax of them.
 */
export function parseQuery(text: string): Query {
  const names: string[] = []
  const values: string[] = []
  for (let from = 0; from < text.length;) {
    const ampersand = text.indexOf('&', from)
    const to = ampersand < 0 ? text.length : ampersand
    const equals = text.indexOf('=', from)
    const nameEnd = equals < 0 || equals > to ? to : equals
    const name = unescaped(text.slice(from, nameEnd), inName).toLowerCase()
    if (name === '') throw new Refusal(400, `a parameter must have a name, got: ${got(text.slice(from, to))}`)
    if (names.length === parametersMax) throw new Refusal(400, `a query must have at most ${parametersMax} parameters, got: more`)
    insert(names, values, name, nameEnd === to ? '' : unescaped(text.slice(nameEnd + 1, to), inValue))
    from = to + 1
  }
  return new Query(names, values)
}
