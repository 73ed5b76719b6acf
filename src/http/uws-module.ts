/**
 * The part of uWebSockets.js that is used here. Its types are written down because the package is an optional peer: programs
 * that do not have it compile, too.
 */

export interface UwsRequest {
  getCaseSensitiveMethod(): string
  getUrl(): string
  /** Newer versions say undefined without a query. */
  getQuery(): string | undefined
  forEach(visit: (name: string, value: string) => void): void
}

export interface UwsResponse {
  writeStatus(status: string): UwsResponse
  writeHeader(name: string, value: string): UwsResponse
  end(body: string | Uint8Array, closeConnection: boolean): UwsResponse
  endWithoutBody(): UwsResponse
  onAborted(listener: () => void): UwsResponse
  /** The chunk is gone when the listener returns. */
  onData(listener: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse
  cork(write: () => void): UwsResponse
  close(): UwsResponse
}

declare const listenSocket: unique symbol
export interface UwsListenSocket {
  readonly [listenSocket]: never
}

export interface UwsApp {
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp
  listen(host: string, port: number, options: number, done: (socket: UwsListenSocket | false) => void): UwsApp
  /** Tells of each connection, 1 when it comes and -1 when it goes. Older versions lack it. */
  filter?(listener: (connection: UwsResponse, count: number) => void): UwsApp
  /** Closes all sockets. Older versions lack it. */
  close?(): UwsApp
}

export interface UwsModule {
  App(): UwsApp
  us_listen_socket_close(socket: UwsListenSocket): void
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number
}

/** A variable, so that the compiler does not look for a package that may be missing. */
const name: string = 'uWebSockets.js'

/** The user's uWebSockets.js, or null where it is not installed, does not load, or is a substitute that cannot do all this. */
export async function loadUws(): Promise<UwsModule | null> {
  try {
    const { default: module } = await import(name) as { default: UwsModule }
    return 'LIBUS_LISTEN_EXCLUSIVE_PORT' in module ? module : null
  } catch {
    return null
  }
}
