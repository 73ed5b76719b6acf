/** Answers requests on raw streams. */

import type { z } from 'zod'
import { duration, fileMode, listOf, oneOf, section, streamAddress, text, toggle } from '../fields.js'
import { KiB, hourMs } from '../units.js'
import { proxyProtocol } from './listener.js'
import { listenerTls } from './tls.js'

export const responder = section({
  /** tcp://127.0.0.1:8080, unix:/run/broker.sock, or a port of both loopbacks. */
  listen: listOf(streamAddress(), 'addresses'),
  /** What one request is: each chunk as it arrives (raw), or each line of at most 64 KiB (line). */
  framing: oneOf('raw', 'line').default('raw'),
  /** A fixed text, the request itself, or the last message of the topic that the request names. */
  reply: oneOf('fixed', 'echo', 'last').default('fixed'),
  text: text(64 * KiB).default('respuesta'),
  /** Instead of a last message that is not there. */
  missing: text(64 * KiB).default('none'),
  /** Permissions of its Unix sockets. */
  mode: fileMode().default('0660'),
  /** How long a connection may ask nothing and not read; 0: for ever. */
  idleMs: duration(0, hourMs).default(300_000),
  proxyProtocol: proxyProtocol(),
  /** Of its TCP addresses; a Unix socket is plain. */
  tls: listenerTls(),
  /** Said where others than this machine reach it: nobody is asked who they are, and it answers all of them. */
  allowAnonymous: toggle().default(false),
})

export type ResponderConfig = z.output<typeof responder>

/** What the engine is told where there is no responder. */
export const defaultResponder: ResponderConfig = responder.parse({ listen: [0] })
