/** A part of the contract of binding.ts: proxies. */

/** What stands at the front of a connection from a trusted proxy. */
export interface ProxyHeader {
  /** Why it is malformed; null: it is not. */
  readonly problem: string | null
  /** Its length. */
  readonly bytes: number
  /** The client's address without its port; null where the proxy speaks for itself or does not know. */
  readonly client: string | null
}

/** What the control plane asks about proxies, for HTTP that it serves itself. */
export interface ProxyCalls {
  /** Whether an IP address, with a port or without, or `unix`, is one of `proxies.trusted`. */
  isTrustedProxy(address: string): boolean
  /**
   * The client that a trusted proxy tells of in the header named by `proxies.header`, whose whole value this is (native/codec/http1/forwarded.h);
   * null when nothing can be read from it.
   */
  forwardedClient(value: string): string | null
  /** Reads a PROXY header (version 1 or 2) at the front of all bytes so far; null while it is incomplete, which ends below 4096 bytes. */
  readProxyHeader(bytes: Uint8Array): ProxyHeader | null
}
