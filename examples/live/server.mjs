/**
 * Serves the page and publishes what is written there. node server.mjs; ../README.md has the rest. Who writes is taken by their word: a
 * site with users publishes as they are logged in, as ../chat/ does.
 */

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { PORT = '3000', SUBSCRIBE_URL = 'ws://127.0.0.1:8002', API_URL = 'http://127.0.0.1:8000', API_TOKEN, TOPIC = 'chat/lobby' } = process.env
const bodyBytesMax = 8192
const page = readFileSync(new URL('index.html', import.meta.url))
const client = readFileSync(new URL(import.meta.resolve('@tutti/broker/client.js')))

async function bodyOf(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new RangeError(`A message must be at most ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** What is published: a name and a text, and nothing else that was sent. */
function messageIn(body) {
  const { name, text } = Object(JSON.parse(body))
  const fits = [[name, 40], [text, 1000]].every(([value, max]) => typeof value === 'string' && value.length >= 1 && value.length <= max)
  if (!fits) throw new RangeError('A message must have a name of 1 to 40 characters and a text of 1 to 1000')
  return JSON.stringify({ name, text })
}

async function publish(message) {
  const headers = { 'content-type': 'application/json', ...API_TOKEN === undefined ? {} : { authorization: `Bearer ${API_TOKEN}` } }
  return fetch(`${API_URL}/topics/${TOPIC.split('/').map(encodeURIComponent).join('/')}`, { method: 'POST', headers, body: message })
}

async function say(request, response) {
  try {
    const { status } = await publish(messageIn(await bodyOf(request)))
    response.writeHead(status).end()
  } catch (error) {
    const ours = !(error instanceof RangeError || error instanceof SyntaxError)
    response.writeHead(ours ? 502 : 400).end(ours ? 'The broker cannot be reached' : error.message)
  }
}

const files = {
  '/': ['text/html; charset=utf-8', page], '/client.js': ['text/javascript; charset=utf-8', client],
  '/where': ['application/json', JSON.stringify({ url: SUBSCRIBE_URL, topic: TOPIC })],
}

const server = createServer((request, response) => {
  const { method, url } = request
  if (method === 'POST' && url === '/messages') return say(request, response)
  const [type, content] = Object.hasOwn(files, url) ? files[url] : []
  if (method !== 'GET' || type === undefined) return response.writeHead(404).end()
  response.writeHead(200, { 'content-type': type }).end(content)
})
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
