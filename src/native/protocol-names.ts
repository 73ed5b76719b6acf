/** Rows of native/codec's protocol table by their names. */

/** Which bytes are spoken on a listener. */
export type ProtocolName = 'websocket-publish' | 'websocket-subscribe' | 'pusher' | 'grpc' | 'http' | 'responder-raw' | 'responder-line'

/** Which bytes are spoken on a connection: what its listener does, or what a request of HTTP asked for beside it. */
export type ConnectionProtocol = ProtocolName | 'sse' | 'sse-until-close' | 'http-publish'
