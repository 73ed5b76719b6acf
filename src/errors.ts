/** The errors a user of the package meets. Each message is one line that says what was expected and ends `got: <value>`. */

/** One thing wrong with the configuration. */
export interface ConfigIssue {
  /** The key, such as `limits.messageBytesMax`; empty for the document as a whole. */
  readonly path: string
  /** What it must be, such as `must be 1..16777216`. */
  readonly problem: string
  /** The value as the user wrote it. */
  readonly got: string
  /** Where the value came from, such as `BROKER_SHARDS` or `--shards`; null when a program passed it. */
  readonly source: string | null
}

function describeIssue({ path, problem, got, source }: ConfigIssue): string {
  const from = source === null ? '' : ` (from ${source})`
  return `${path} ${problem}, got: ${got}${from}`.trimStart()
}

/** The configuration is wrong: nothing has been bound or started. The message has one line for each issue. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'ERR_CONFIG'
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map(describeIssue).join('\n'))
    this.issues = issues
  }
}

/** The native engine cannot be loaded here; the message lists what was tried and ends with the fix. */
export class AddonLoadError extends Error {
  override readonly name = 'AddonLoadError'
  readonly code = 'ERR_ADDON_LOAD'
}

/** A listener cannot be bound; nothing runs then. `code` is the system's name, such as EADDRINUSE. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code: string
  readonly address: string
  readonly port: number

  constructor(message: string, at: { code: string; address: string; port: number }, options: ErrorOptions) {
    super(message, options)
    this.code = at.code
    this.address = at.address
    this.port = at.port
  }
}

/** The system refuses what the engine needs to run, such as a thread; nothing runs then. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly code = 'ERR_START'
}

/** A call on a broker that has been closed. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError'
  readonly code = 'ERR_CLOSED'

  constructor() {
    super('the broker is closed')
  }
}
