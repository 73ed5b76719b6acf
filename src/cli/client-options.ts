/** What clients of the command bring beside a URL: a token, and what they trust and show over TLS. */

import { readFileSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import type { Command } from 'commander'
import { isLoopback } from '../endpoint.js'
import { UsageError } from './exit.js'

export interface ClientFlags {
  readonly token?: string
  readonly tokenFile?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly insecure?: true
}

/** Where the token is looked for when no flag says. */
export const tokenVariable = 'BROKER_TOKEN'

const fileBytesMax = 1024 * 1024
const tokenCharactersMax = 8192
/** `token68` of RFC 9110 §11.2: what `Authorization: Bearer` takes. */
const tokenForm = /^[A-Za-z0-9\-._~+/]+=*$/

/** Options of a connection as Node and ws take them. */
export interface ClientAccess {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & { readonly rejectUnauthorized: boolean }
}

/** Without anything: what `connect` does by default. */
export const noAccess: ClientAccess = { headers: {}, tls: { rejectUnauthorized: true } }

function read(flag: string, file: string): Buffer {
  try {
    const bytes = readFileSync(file)
    if (bytes.byteLength > fileBytesMax) throw new Error(`more than ${fileBytesMax} bytes`)
    return bytes
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`${flag} must name a readable file, got: ${file} (${code ?? message})`)
  }
}

function tokenOf({ token, tokenFile }: ClientFlags, env: NodeJS.ProcessEnv): { readonly from: string, readonly text: string } | null {
  if (token !== undefined && tokenFile !== undefined) throw new UsageError('there must be at most one of --token, --token-file, got: both')
  if (token !== undefined) return { from: '--token', text: token }
  if (tokenFile !== undefined) return { from: '--token-file', text: read('--token-file', tokenFile).toString('latin1').trim() }
  const text = env[tokenVariable]
  return text ? { from: tokenVariable, text } : null
}

function headersOf(flags: ClientFlags, env: NodeJS.ProcessEnv): ClientAccess['headers'] {
  const token = tokenOf(flags, env)
  if (token === null) return {}
  const { from, text } = token
  if (tokenForm.test(text) && text.length <= tokenCharactersMax) return { authorization: `Bearer ${text}` }
  throw new UsageError(`${from} must be 1..${tokenCharactersMax} letters, digits or -._~+/, and = at its end only, got: ${text.length} characters`)
}

/** Whether a flag says that the connection is meant to be TLS. */
export function wantsTls({ ca, cert, key, insecure }: ClientFlags): boolean {
  return [ca, cert, key, insecure].some((flag) => flag !== undefined)
}

/** @throws {UsageError} a file that cannot be read, a token that cannot be sent, half of a certificate. */
export function clientAccess(flags: ClientFlags, env: NodeJS.ProcessEnv = process.env): ClientAccess {
  const { ca, cert, key, insecure } = flags
  if (key !== undefined && cert === undefined) throw new UsageError('--key must have --cert beside it, got: --key alone')
  const certificate = cert === undefined ? {} : { cert: read('--cert', cert), key: read(key === undefined ? '--cert' : '--key', key ?? cert) }
  return {
    headers: headersOf(flags, env),
    tls: { ...certificate, ...ca === undefined ? {} : { ca: read('--ca', ca) }, rejectUnauthorized: insecure !== true },
  }
}

function isThisMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'))
}

/**
 * What to mind about the way to a URL, a line each.
 * @throws {UsageError} flags of TLS for a URL without.
 */
export function cautions(url: URL, flags: ClientFlags, { headers }: ClientAccess): string[] {
  const isPlain = url.protocol === 'ws:'
  if (isPlain && wantsTls(flags)) throw new UsageError(`--url must be wss://<host>:<port> with --ca, --cert, --key or --insecure, got: ${url.origin}`)
  if (flags.insecure) return ['--insecure: whoever answers is taken for the broker, and may read and change everything']
  return isPlain && headers['authorization'] !== undefined && !isThisMachine(url) ? [`the token goes to ${url.host} in plain text: use wss://`] : []
}

/** Adds the flags to a command. */
export function addClientFlags(command: Command): Command {
  return command
    .option('--token <token>', `the token to show; others on this machine may see it, so rather use --token-file or ${tokenVariable}`)
    .option('--token-file <file>', 'a file with the token')
    .option('--ca <file>', 'PEM file: whose certificates to trust, instead of those the system does')
    .option('--cert <file>', 'PEM file: the certificate to show')
    .option('--key <file>', 'PEM file: its key (default: in the file of --cert)')
    .option('--insecure', 'accept any certificate')
}
