/** How much of this machine's or container's memory each part of the engine may take, where the configuration does not say. */

const KiB = 2 ** 10
const MiB = 2 ** 20

export interface MemoryShares {
  readonly logBytesMax: number
  readonly receiveBufferBytesMax: number
  readonly streamBufferBytesMax: number
  readonly retainedBytesMax: number
  readonly historyBytesMax: number
  readonly connectionsMax: number
  readonly streamsMax: number
  readonly topicsMax: number
  readonly sendBufferBytes: number
}

/** Node, its heap and the engine without a connection, rounded up. */
export const processBytes = 80 * MiB

/** What one takes at most while it is idle: of a connection also the kernel's part, which counts in a container. */
const connectionBytes = 4 * KiB
const topicBytes = 1 * KiB
const streamBytes = 512
/** So many subscribers may be stuck, each with its send buffer full (which the kernel makes twice as large). */
const stuckSubscribers = 1000

function within(least: number, most: number, share: number, unit = 1): number {
  return Math.max(least, Math.min(most, Math.floor(share / unit) * unit))
}

/**
 * Of what is left beside the process: a quarter for logs (which may take a third of it before all publishers have stopped), three
 * sixteenths for connections, an eighth for send buffers, a thirty-second for histories, a sixteenth each for messages that came in part, the same of gRPC,
 * last values, topics and streams. Together that is no more than there is, and with much memory less: every part has a bound of its own.
 */
export function memoryShares(memoryBytes: number): MemoryShares {
  const spare = Math.max(memoryBytes - processBytes, memoryBytes / 8)
  return {
    logBytesMax: within(4 * MiB, 256 * MiB, spare / 4, MiB),
    receiveBufferBytesMax: within(1 * MiB, 256 * MiB, spare / 16, MiB),
    streamBufferBytesMax: within(1 * MiB, 256 * MiB, spare / 16, MiB),
    retainedBytesMax: within(1 * MiB, 64 * MiB, spare / 16, MiB),
    historyBytesMax: within(1 * MiB, 256 * MiB, spare / 32, MiB),
    connectionsMax: within(100, 10_000_000, spare * 3 / 16 / connectionBytes),
    streamsMax: within(1000, 1_000_000, spare / 16 / streamBytes),
    topicsMax: within(1000, 100_000, spare / 16 / topicBytes),
    sendBufferBytes: within(16 * KiB, 64 * KiB, spare / 8 / 2 / stuckSubscribers, KiB),
  }
}
