/** Rules between keys; one row each. They run on a configuration whose single values are all valid. */

import { authIssues } from './auth-checks.js'
import { frameBytesMax, grpcMessageBytesMax } from './frame-bytes.js'
import type { BrokerConfig } from './schema.js'
import { tlsIssues } from './tls-checks.js'

export interface CrossIssue {
  readonly path: readonly (string | number)[]
  readonly problem: string
  /** The effective value, shown when the user did not write one. */
  readonly value: unknown
}

type Check = (config: BrokerConfig) => CrossIssue[]

const catchAll = '*'

/** Where publications wait, with the key that bounds it. */
interface Room {
  readonly key: string
  readonly bytes: number
}

/**
 * A message four times over must fit, or one publication could push everything else out, and who is one or two behind would be
 * slow. Its largest frame must fit twice: `drop-oldest` keeps three quarters of a limit, and that is to be one publication at least.
 */
function messageFits(config: BrokerConfig, rooms: readonly Room[]): CrossIssue[] {
  const { messageBytesMax } = config.limits
  const frameBytes = frameBytesMax(config)
  return rooms.flatMap(({ key, bytes }) => {
    const issue = (problem: string) => [{ path: ['limits', 'messageBytesMax'], problem, value: messageBytesMax }]
    if (messageBytesMax * 4 > bytes) return issue(`must be at most a quarter of ${key} (${bytes})`)
    if (frameBytes * 2 <= bytes) return []
    return issue(`must be less: as JSON or server-sent events its frames can be ${frameBytes} bytes, at most half of ${key} (${bytes}) is allowed`)
  }).slice(0, 1)
}

/** The sizes that are optional follow the others where they are not set (memory-defaults.ts). */
const messageFitsLog: Check = (config) => {
  const { logBytesMax } = config.limits
  return logBytesMax === undefined ? [] : messageFits(config, [{ key: 'limits.logBytesMax', bytes: logBytesMax }])
}

const messageFitsRules: Check = (config) => {
  const explicit = config.slowConsumers.flatMap(({ bytesBehindMax: bytes }, at) =>
    bytes === undefined ? [] : [{ bytes, key: `slowConsumers[${at}].bytesBehindMax` }])
  return messageFits(config, explicit)
}

/** A buffer that grows may have twice the room of what is in it. */
const messageFitsBuffers: Check = ({ limits: { messageBytesMax, receiveBufferBytesMax } }) =>
  receiveBufferBytesMax === undefined || messageBytesMax * 2 <= receiveBufferBytesMax ? [] : [{
    path: ['limits', 'messageBytesMax'],
    problem: `must be at most half of limits.receiveBufferBytesMax (${receiveBufferBytesMax})`,
    value: messageBytesMax,
  }]

const catchAllIsLast: Check = ({ slowConsumers }) =>
  slowConsumers.slice(0, -1).flatMap((rule, at) => rule.topics !== catchAll ? [] : [{
    path: ['slowConsumers', at, 'topics'],
    problem: 'must not match everything before the last rule',
    value: rule.topics,
  }])

const oneCatchAllPolicy: Check = ({ slowConsumers, slowPolicy }) =>
  slowPolicy === undefined || slowConsumers.at(-1)?.topics !== catchAll ? [] : [{
    path: ['slowPolicy'],
    problem: 'must be absent when slowConsumers ends with a rule for *',
    value: slowPolicy,
  }]

interface Listening {
  readonly port: number
  readonly hosts?: readonly string[] | undefined
}

function collide(a: Listening, b: Listening): boolean {
  const hosts = new Set(a.hosts ?? ['127.0.0.1'])
  return a.port !== 0 && a.port === b.port && (b.hosts ?? ['127.0.0.1']).some((host) => hosts.has(host))
}

/** Of what is on: otherwise somebody else would be suspected of having the port. */
const portsDiffer: Check = ({ publish, subscribe, api, grpc, pusher }) => {
  const sections: readonly (readonly [string, Listening | null | undefined])[] = [
    ['publish', publish], ['subscribe', subscribe], ['api', api], ['grpc', grpc], ['pusher', pusher.apps.length > 0 ? pusher : null],
  ]
  const on = sections.flatMap(([key, section]) => (section ? [{ key, section }] : []))
  return on.flatMap(({ key, section }, at) => {
    const first = on.slice(0, at).find((other) => collide(other.section, section))
    return first === undefined ? [] : [{
      path: [key, 'port'], problem: `must differ from ${first.key}.port on the same host`, value: section.port,
    }]
  })
}

/** Two apps with one id or key: requests and clients could not tell them apart. */
const appsDiffer: Check = ({ pusher: { apps } }) => (['id', 'key'] as const).flatMap((name) => apps.flatMap((app, at) =>
  apps.findIndex((other) => other[name] === app[name]) === at ? [] : [{
    path: ['pusher', 'apps', at, name],
    problem: 'must differ from the other apps\'',
    value: app[name],
  }]))

/** The longest name of a channel's topic: `pusher/`, an app's id, `/`, the channel. */
const pusherTopicBytesMax = 200

const channelsFitTopics: Check = ({ pusher: { apps }, limits: { topicBytesMax } }) =>
  apps.length === 0 || topicBytesMax >= pusherTopicBytesMax ? [] : [{
    path: ['limits', 'topicBytesMax'],
    problem: `must be at least ${pusherTopicBytesMax} when there are Pusher apps`,
    value: topicBytesMax,
  }]

/** A member's id, 128 characters of up to three bytes, and the names of the fields, in what others are told of it. */
const memberBytesMax = 512

/** What an app may publish, and what is published of its members, must be a message that the engine takes. */
const appsFitMessages: Check = ({ pusher: { apps }, limits: { messageBytesMax } }) => apps.flatMap(({ limits }, at) => {
  const rows = [
    { key: 'payloadBytesMax', value: limits.payloadBytesMax, most: messageBytesMax, of: 'limits.messageBytesMax' },
    { key: 'presenceInfoBytesMax', value: limits.presenceInfoBytesMax, most: messageBytesMax - memberBytesMax, of: `limits.messageBytesMax less ${memberBytesMax}` },
  ]
  return rows.filter(({ value, most }) => value > most).map(({ key, value, most, of }) => ({
    path: ['pusher', 'apps', at, 'limits', key], problem: `must be at most ${of} (${most})`, value,
  }))
})

/** One message that comes in pieces must not be too much for its connection, nor one connection for the broker. */
const buffersFit: Check = (config) => {
  if (config.grpc === null) return []
  const { bufferBytesPerConnectionMax, bufferBytesMax } = config.grpc
  const message = { least: grpcMessageBytesMax(config), of: 'limits.messageBytesMax and 5 bytes' }
  const connection = bufferBytesPerConnectionMax === undefined ? message : { least: bufferBytesPerConnectionMax, of: 'grpc.bufferBytesPerConnectionMax' }
  const rows = [
    { key: 'bufferBytesPerConnectionMax', value: bufferBytesPerConnectionMax, ...message },
    { key: 'bufferBytesMax', value: bufferBytesMax, ...connection },
  ]
  return rows.filter(({ value, least }) => value !== undefined && value < least).map(({ key, value, least, of }) => ({
    path: ['grpc', key], problem: `must be at least ${of} (${least})`, value,
  }))
}

/** A reply with a line's end would be two. */
const replyIsOneLine: Check = ({ responder }) =>
  responder?.framing !== 'line' ? [] : (['text', 'missing'] as const).filter((key) => responder[key].includes('\n')).map((key) => ({
    path: ['responder', key],
    problem: 'must be one line where responder.framing is line',
    value: responder[key],
  }))

/** Else one message would push out every other, or could not be kept itself. */
const messageFitsRetained: Check = ({ limits: { messageBytesMax }, responder, retain: { topics, bytesMax } }) =>
  (topics === null && responder?.reply !== 'last') || bytesMax === undefined || messageBytesMax * 4 <= bytesMax ? [] : [{
    path: ['limits', 'messageBytesMax'],
    problem: `must be at most a quarter of retain.bytesMax (${bytesMax})`,
    value: messageBytesMax,
  }]

/** A message that its history cannot keep would empty it. */
const messageFitsHistory: Check = ({ limits: { messageBytesMax }, history, historyBytesMax }) => {
  const bounds = history.map(({ bytes }, at) => ({ key: `history[${at}].bytes`, bytes }))
  const all = history.length === 0 || historyBytesMax === undefined ? [] : [{ key: 'historyBytesMax', bytes: historyBytesMax }]
  return [...bounds, ...all].filter(({ bytes }) => messageBytesMax * 2 > bytes).slice(0, 1).map(({ key, bytes }) => ({
    path: ['limits', 'messageBytesMax'],
    problem: `must be at most half of ${key} (${bytes})`,
    value: messageBytesMax,
  }))
}

/** From nobody else is a PROXY header taken. */
const proxyProtocolHasProxies: Check = ({ trustedProxies, ...config }) => trustedProxies.length > 0 ? [] :
  (['publish', 'subscribe', 'api', 'pusher', 'grpc', 'responder'] as const).filter((key) => config[key]?.proxyProtocol === true).map((key) => ({
    path: [key, 'proxyProtocol'],
    problem: 'must be false where trustedProxies lists nobody',
    value: true,
  }))

const proxyProtocolHasNode: Check = ({ api }) => api?.proxyProtocol !== true || api.server !== 'uws' ? [] : [{
  path: ['api', 'proxyProtocol'],
  problem: 'must be false where api.server is uws, which cannot read it',
  value: true,
}]

/** It does not tell whose a request is: anybody could be taken for somebody on this machine. */
const authHasNode: Check = ({ api, auth }) => auth === null || api?.server !== 'uws' ? [] : [{
  path: ['api', 'server'],
  problem: 'must be auto or node where auth is configured: uws does not tell whose a request is',
  value: 'uws',
}]

const checks: readonly Check[] = [
  messageFitsLog, messageFitsBuffers, messageFitsRules, catchAllIsLast, oneCatchAllPolicy, portsDiffer, appsDiffer, channelsFitTopics, appsFitMessages, buffersFit,
  replyIsOneLine, messageFitsRetained, messageFitsHistory, proxyProtocolHasProxies, proxyProtocolHasNode, authHasNode, authIssues, tlsIssues,
]

/** Every contradiction in a configuration, none when it is sound. */
export function crossIssues(config: BrokerConfig): CrossIssue[] {
  return checks.flatMap((check) => check(config))
}
