/** `broker token`: makes tokens, shows what is in one, and says whether a configuration would accept it. */

import type { Command } from 'commander'
import { UsageError } from './exit.js'
import { lines } from './lines.js'
import type { CreateOptions } from './token-create.js'
import type { VerifyOptions } from './token-verify.js'

/** Bytes of a line on standard input; the broker takes tokens of 8 KiB. */
const tokenBytesMax = 64 * 1024

async function firstLine(): Promise<string> {
  for await (const line of lines(process.stdin, tokenBytesMax)) {
    process.stdin.destroy()
    return line.toString().trim()
  }
  return ''
}

/** The argument, or the first line of standard input: there it is in no list of processes and in no history. */
async function tokenFrom(argument: string): Promise<string> {
  const token = argument === '-' ? await firstLine() : argument
  if (token === '') throw new UsageError('there must be a token, as an argument or on standard input, got: nothing')
  return token
}

// What makes and reads tokens is loaded by those who use it only.

async function create(options: CreateOptions): Promise<void> {
  const { createToken } = await import('./token-create.js')
  console.log(await createToken(options, Date.now()))
}

async function decode(argument: string): Promise<void> {
  const { decodeToken } = await import('./token-decode.js')
  console.log(JSON.stringify(decodeToken(await tokenFrom(argument), Date.now()), null, 2))
}

async function verify(argument: string, options: VerifyOptions): Promise<void> {
  const { verifyToken } = await import('./token-verify.js')
  console.log(JSON.stringify(await verifyToken(await tokenFrom(argument), options, process.env), null, 2))
}

function addCreate(parent: Command): void {
  parent
    .command('create')
    .description('Make a JWT and print it.')
    .option('--secret-file <file>', 'sign with the secret in this file (HS256)')
    .option('--key-file <file>', 'sign with the private key in this PEM file (EdDSA, ES256, ES384, ES512 or RS256, as the key is)')
    .option('--alg <algorithm>', 'another algorithm that the key can sign with, such as PS256')
    .option('--kid <name>', 'the name of the key')
    .option('--sub <subject>', 'who it is for: {sub} in patterns')
    .option('--publish <pattern...>', 'topics to publish to')
    .option('--subscribe <pattern...>', 'topics to subscribe to')
    .option('--api <right...>', 'read, publish, admin: what it may do over the HTTP API')
    .option('--issuer <name>', 'the claim iss')
    .option('--audience <name...>', 'the claim aud')
    .option('--expires-in <duration>', 'how long it is valid, such as 10m or 24h, or never', '1h')
    .addHelpText('after', `
Examples:
  $ openssl rand -hex 32 > jwt.secret
  $ broker token create --secret-file jwt.secret --sub alice --subscribe 'prices/*' 'users/{sub}/**'
  $ openssl genpkey -algorithm ed25519 -out issuer.key && openssl pkey -in issuer.key -pubout -out issuer.pem
  $ broker token create --key-file issuer.key --publish '**' --api read publish --expires-in 10m`)
    .action(create)
}

function addDecode(parent: Command): void {
  parent
    .command('decode')
    .description('Show what a JWT says. Its signature is not verified.')
    .argument('[token]', 'the token; - or nothing reads standard input', '-')
    .action(decode)
}

function addVerify(parent: Command): void {
  parent
    .command('verify')
    .description('Say what a configuration grants to a token, listed or JWT. Exit code 1: it is refused.')
    .argument('[token]', 'the token; - or nothing reads standard input', '-')
    .option('-c, --config <file>', 'configuration file with a section auth (also: BROKER_CONFIG)')
    .option('--publish <topic...>', 'it must let publish to these topics')
    .option('--subscribe <topic...>', 'it must let subscribe to these topics')
    .addHelpText('after', `
Examples:
  $ broker token verify --config broker.yaml --subscribe prices/eur < token`)
    .action(verify)
}

export function addTokenCommand(program: Command): void {
  const command = program.command('token').description('Make, show and check tokens.')
  for (const add of [addCreate, addDecode, addVerify]) add(command)
}
