/**
 * The server of the chat: serves the page, knows who is who, vouches for them to the broker, and publishes what they write.
 * node server.mjs, with PUSHER_APP_KEY and PUSHER_APP_SECRET in the environment; ../README.md has the rest.
 */

import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import Pusher from 'pusher'

const {
  PORT = '3000', PUSHER_HOST = '127.0.0.1', PUSHER_PORT = '6001',
  PUSHER_APP_ID = '1', PUSHER_APP_KEY: key, PUSHER_APP_SECRET: secret,
} = process.env
if (key === undefined || secret === undefined) {
  console.error('PUSHER_APP_KEY and PUSHER_APP_SECRET must be set: `npx broker start --pusher` prints both')
  process.exit(2)
}

const room = 'presence-chat'
const bodyBytesMax = 8192
const textMax = 1000
const nameMax = 40
const pusher = new Pusher({ appId: PUSHER_APP_ID, key, secret, host: PUSHER_HOST, port: PUSHER_PORT, useTLS: false })
const page = readFileSync(new URL('index.html', import.meta.url))
const script = readFileSync(createRequire(import.meta.url).resolve('pusher-js/dist/web/pusher.min.js'))

/** What goes wrong on the other side. */
class Refusal extends Error {
  constructor(status, problem) {
    super(problem)
    this.status = status
  }
}

// A token is a user and our seal on it: nothing is kept here, and nobody can make up another user.
const sealKey = randomBytes(32)
const seal = (text) => createHmac('sha256', sealKey).update(text).digest()

function tokenOf(user) {
  const text = Buffer.from(JSON.stringify(user)).toString('base64url')
  return `${text}.${seal(text).toString('base64url')}`
}

function userOf({ headers: { authorization = '' } }) {
  const [, text = '', given = ''] = /^Bearer ([\w-]+)\.([\w-]+)$/.exec(authorization) ?? []
  const [right, claimed] = [seal(text), Buffer.from(given, 'base64url')]
  if (claimed.length !== right.length || !timingSafeEqual(claimed, right)) throw new Refusal(401, 'Join the chat first')
  return JSON.parse(Buffer.from(text, 'base64url').toString())
}

/** A text that a form of the page may send. */
function textFrom(value, max, what) {
  const text = typeof value === 'string' ? value.trim() : ''
  if (text === '' || text.length > max) throw new Refusal(400, `${what} must be 1 to ${max} characters`)
  return text
}

async function bodyOf(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Refusal(413, `A request must be at most ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

async function jsonOf(request) {
  try {
    return Object(JSON.parse(await bodyOf(request)))
  } catch (error) {
    throw error instanceof SyntaxError ? new Refusal(400, 'A request must be JSON') : error
  }
}

/** What the page asks for; each gives what is answered, as JSON. */
const actions = {
  async '/login'(request) {
    const { name } = await jsonOf(request)
    const user = { id: randomUUID(), name: textFrom(name, nameMax, 'A name') }
    return { key, port: Number(PUSHER_PORT), token: tokenOf(user) }
  },

  /** pusher-js asks this before it subscribes to a private or presence channel. */
  async '/auth'(request) {
    const { id, name } = userOf(request)
    const form = new URLSearchParams(await bodyOf(request))
    if (form.get('channel_name') !== room) throw new Refusal(403, `There is only ${room}`)
    if (!/^\d+\.\d+$/.test(form.get('socket_id') ?? '')) throw new Refusal(400, 'socket_id must be two numbers')
    return pusher.authorizeChannel(form.get('socket_id'), room, { user_id: id, user_info: { name } })
  },

  async '/messages'(request) {
    const user = userOf(request)
    const { text } = await jsonOf(request)
    await pusher.trigger(room, 'message', { ...user, text: textFrom(text, textMax, 'A message'), at: Date.now() })
    return {}
  },
}

function answer(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function act(request, response) {
  try {
    answer(response, 200, await actions[request.url](request))
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(error)
    const { status, message } = error instanceof Refusal ? error : { status: 502, message: 'The broker cannot be asked' }
    answer(response, status, { problem: message })
  }
}

const files = { '/': ['text/html; charset=utf-8', page], '/pusher.js': ['text/javascript; charset=utf-8', script] }

const server = createServer((request, response) => {
  const { method, url } = request
  if (method === 'POST' && Object.hasOwn(actions, url)) return act(request, response)
  if (method !== 'GET' || !Object.hasOwn(files, url)) return answer(response, 404, { problem: 'There is nothing here' })
  const [type, content] = files[url]
  response.writeHead(200, { 'content-type': type }).end(content)
})
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
