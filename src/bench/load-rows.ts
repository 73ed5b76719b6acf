/** What the load generator is asked to do for each scenario: the rows that `broker bench` and `npm run bench` share. */

export interface LoadRow {
  /** Stable: results are compared by it over years. */
  readonly name: string
  readonly about: string
  /** The load generator's own scenario and its flags. */
  readonly args: readonly string[]
  /** Added for a first look; null: left out of one. */
  readonly quickArgs: readonly string[] | null
}

export const slowPercent = 10

const subscribersPerTopic = 475
const topicCounts = [1, 2, 5, 10, 20, 40] as const
const burst = 10

function channels(topics: number): LoadRow {
  const subscribers = topics * subscribersPerTopic
  return {
    name: `channels-${topics}`,
    about: `${topics} topic${topics === 1 ? '' : 's'} with ${subscribersPerTopic} subscribers each, one message to each topic at once`,
    args: ['channels', '--topics', `${topics}`, '--publishers', `${topics}`, '--subscribers', `${subscribers}`, '--budget-s', '10'],
    quickArgs: null,
  }
}

/** What a JavaScript server has seen when its code is compiled: before that, an event costs several times as much. */
const requestsBefore = ['--requests-before', '20000']
const eventsMeasuredMin = 200

function pusherRounds(channelCount: number): readonly string[] {
  return [...requestsBefore, '--rounds', `${Math.max(20, Math.ceil(eventsMeasuredMin / channelCount))}`]
}

/** The same load over Pusher's protocol, against a pusher:// URL. */
function pusherChannels(topics: number): LoadRow {
  const plain = channels(topics)
  const about = plain.about.replace('one message', 'one event by HTTP').replaceAll('topic', 'channel')
  return { ...plain, name: `pusher-${plain.name}`, about, args: [...plain.args, ...pusherRounds(topics)] }
}

function bursts(topics: number): LoadRow {
  const single = channels(topics)
  return {
    ...single,
    name: `${single.name}-burst`,
    about: single.about.replace('one message', `${burst} messages`),
    args: [...single.args, '--burst', `${burst}`, '--rounds', '10', '--warmup', '2'],
  }
}

export const oneToMany: LoadRow = {
  name: 'one-to-many',
  about: '1 → 1000, one message at a time',
  args: ['one-to-many', '--budget-s', '20'],
  quickArgs: ['--rounds', '100'],
}

export const manyToMany: LoadRow = {
  name: 'many-to-many',
  about: '1000 × 1000, every publisher sends one message at the same instant',
  args: ['many-to-many', '--budget-s', '6', '--warmup', '1'],
  quickArgs: ['--rounds', '4'],
}

export const manyToManyPaced: LoadRow = {
  name: 'many-to-many-paced',
  about: '1000 × 1000, every publisher one message per 10 s (100,000 deliveries/s)',
  args: ['paced'],
  quickArgs: null,
}

export const echo: LoadRow = {
  name: 'echo',
  about: '16 clients, each waits for its message to come back to its own subscription before it sends the next',
  args: ['echo', '--budget-s', '5'],
  quickArgs: ['--budget-s', '2'],
}

export const storm: LoadRow = {
  name: 'storm',
  about: 'connects and subscribes as fast as it goes, 256 under way at a time, while 100 messages/s reach 100 subscribers',
  args: ['storm'],
  quickArgs: null,
}

export const slow: LoadRow = {
  name: `slow-${slowPercent}`,
  about: `1 → 1000, ${slowPercent} % of the subscribers never read`,
  args: ['slow', '--slow-percent', `${slowPercent}`],
  quickArgs: null,
}

const pacedNeighbour = ['paced', '--publishers', '10', '--subscribers', '100', '--per-minute', '600', '--seconds', '10']

/** 100 messages a second to 100 subscribers each, on a broker with nothing else to do: beside `flooded`. */
export const calm: LoadRow = { name: 'calm', about: '100 messages/s to 100 subscribers', args: pacedNeighbour, quickArgs: null }

export const flooded: LoadRow = {
  name: 'flooded',
  about: `${calm.about}, while 4 other connections publish 1 kB messages without end to a topic that nobody reads`,
  args: [...pacedNeighbour, '--flooders', '4', '--flood-subscribers', '0', '--flood-bytes', '1024'],
  quickArgs: null,
}

export const channelRows: readonly LoadRow[] = topicCounts.map(channels)
export const channelBurstRows: readonly LoadRow[] = topicCounts.map(bursts)

const subscribersMost = (topicCounts.at(-1) ?? 1) * subscribersPerTopic

/** As many subscribers as of the most channels, on one. */
export const pusherOneChannel: LoadRow = {
  name: 'pusher-one-channel',
  about: `1 channel with ${subscribersMost} subscribers, one event by HTTP at a time`,
  args: ['channels', '--topics', '1', '--publishers', '1', '--subscribers', `${subscribersMost}`, '--budget-s', '10', ...requestsBefore],
  quickArgs: null,
}

function pusherEvents(name: string, depth: number): LoadRow {
  const each = depth === 1 ? 'one after the other' : `${depth} under way at a time`
  return {
    name,
    about: `signed POST /apps/{id}/events to a channel without subscribers, 16 connections, ${each} on each`,
    args: ['requests', '--depth', `${depth}`, '--budget-s', '5'],
    quickArgs: null,
  }
}

function grpcFanOut(name: string, dataBytes: number, size: string): LoadRow {
  return {
    name,
    about: `1000 Subscribe streams and every Publish stream on one connection; each message of ${size} on a new Publish stream`,
    args: ['grpc', '--data-bytes', `${dataBytes}`, '--budget-s', '20'],
    quickArgs: null,
  }
}

/** The shape of the gRPC reference tester. */
export const grpcFanOutRows: readonly LoadRow[] = [grpcFanOut('grpc', 12, '12 bytes'), grpcFanOut('grpc-1k', 1024, '1 kB')]

export const grpcPublish: LoadRow = {
  name: 'grpc-publish',
  about: 'one streaming Publish as fast as it goes, 12 bytes each, to one Subscribe stream of another connection',
  args: ['grpc-publish', '--budget-s', '5'],
  quickArgs: null,
}

export const grpcLast: LoadRow = {
  name: 'grpc-last',
  about: '10,000 unary calls of Last a second over 10 connections, the time to the answer from when each is due',
  args: ['grpc-last', '--budget-s', '5'],
  quickArgs: null,
}

function respond(name: string, connections: number, each: string): LoadRow {
  return {
    name,
    about: `${each}, 64 bytes and the same 64 bytes back`,
    args: ['respond', '--connections', `${connections}`, '--budget-s', '5'],
    quickArgs: ['--budget-s', '2'],
  }
}

/** Servers that answer raw streams, one request under way on each connection. */
export const respondRows: readonly LoadRow[] = [
  respond('respond-1', 1, 'one connection'), respond('respond-50', 50, '50 connections'),
]

export const pusherChannelRows: readonly LoadRow[] = topicCounts.map(pusherChannels)
export const pusherEventRows: readonly LoadRow[] = [pusherEvents('pusher-events', 1), pusherEvents('pusher-events-pipelined', 8)]

export const loadRows: readonly LoadRow[] = [
  oneToMany, manyToMany, manyToManyPaced, ...channelRows, ...channelBurstRows, slow, flooded, storm, echo,
]
