/** The kinds of values the schema is made of, each with the one message that says what it must be. */

import { isIP } from 'node:net'
import { z } from 'zod'
import { isNetwork } from './network.js'
import { parseStreamAddress } from './stream-address.js'
import { parseBytes, parseCount, parseDuration } from './units.js'

/** Keys that belong together; others are refused. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, 'must be a section of keys')
}

/** `unit`: behind the bounds in messages. */
function bounded(min: number, max: number, unit: string, parse: (value: number | string) => number) {
  const message = `must be ${min}..${max}${unit === '' ? '' : ` ${unit}`}`
  return z
    .custom<number | string>((value) => typeof value === 'number' || typeof value === 'string', message)
    .transform(parse)
    .pipe(z.number(message).int(message).min(min, message).max(max, message))
}

/** A whole number, of a unit or none. */
export function count(min: number, max: number, unit = '') {
  return bounded(min, max, unit, parseCount)
}

/** Bytes, also as `64KiB`; bounds in bytes. */
export function bytes(min: number, max: number) {
  return bounded(min, max, 'bytes', parseBytes)
}

/** Milliseconds, also as `10s`; bounds in milliseconds. */
export function duration(min: number, max: number) {
  return bounded(min, max, 'ms', parseDuration)
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words, `must be one of ${words.join(', ')}`)
}

const truths: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false }

/** One of a few numbers. */
export function closeCode<const Codes extends readonly [number, ...number[]]>(...codes: Codes) {
  const message = `must be one of ${codes.join(', ')}`
  return z
    .custom<number | string>((value) => typeof value === 'number' || typeof value === 'string', message)
    .transform(parseCount)
    .pipe(z.literal(codes, message))
}

/** true or false, also as the words `true`, `false`, `1`, `0`. */
export function toggle() {
  const message = 'must be true or false'
  return z
    .custom<boolean | string>((value) => typeof value === 'boolean' || typeof value === 'string', message)
    .transform((value) => (typeof value === 'boolean' ? value : truths[value]))
    .pipe(z.boolean(message))
}

/** An IPv4 or IPv6 address, or a host name to resolve. */
export function host() {
  const message = 'must be an IP address or a host name'
  const name = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$/
  return z
    .string(message)
    .transform((value) => value.replace(/^\[(.*)\]$/, '$1'))
    .refine((value) => isIP(value) !== 0 || (name.test(value) && !/^[\d.]+$/.test(value)), message)
}

/** `https://example.com:8443`, or `*` for any. */
export function origin() {
  return matching(/^(\*|[a-z][a-z0-9+.-]*:\/\/[^\s\/?#]+)$/i, 'must be <scheme>://<host> and a port or none, or *')
}

/** The same, and `https://*.example.com` for all names below one; in small letters, as browsers write origins. */
export function originPattern() {
  const message = 'must be <scheme>://<host> and a port or none, where <host> may begin with *., or *'
  return matching(/^(\*|[a-z][a-z0-9+.-]*:\/\/(\*\.)?[^\s\/?#*]+)$/i, message).transform((value) => value.toLowerCase())
}

/** `tcp://<host>:<port>`, `unix:/<path>`, or a port of both loopbacks; its text, for parseStreamAddress. */
export function streamAddress() {
  const message = 'must be tcp://<host>:<port>, unix:/<path> (107 bytes) or a port'
  return z
    .custom<number | string>((value) => (typeof value === 'number' || typeof value === 'string') && parseStreamAddress(String(value)) !== null, message)
    .transform(String)
}

/** An IP address, a network (`10.0.0.0/8`), or `unix` for Unix sockets. */
export function network() {
  const message = 'must be an IP address, a network such as 10.0.0.0/8 (no bits behind its prefix), or unix'
  return z.string(message).refine(isNetwork, message)
}

/** Permissions of a file, as chmod takes them. Never a number: 0o660 is 432, which would mean something else. */
export function fileMode() {
  const message = 'must be a text of three octal digits'
  return z.string(message).regex(/^0?[0-7]{3}$/, message)
}

/** A text of 1 to `max` characters. */
export function text(max: number) {
  const message = `must be a text of 1..${max} characters`
  return z.string(message).min(1, message).max(max, message)
}

/** An exact topic, or a prefix followed by `*`. */
export function topicPattern() {
  const message = 'must be an exact topic or a prefix followed by *'
  return z.string(message).regex(/^([^*\p{Cc}]+\*?|\*)$/u, message)
}

/** A text of a given form. */
export function matching(pattern: RegExp, message: string) {
  return z.string(message).regex(pattern, message)
}

/** A list of at least one value. */
export function listOf<Item extends z.ZodType>(item: Item, what: string) {
  const message = `must be a list of ${what}`
  return z.array(item, message).min(1, message)
}
