import { test } from 'tap'
import { Resume } from '../../../src/cli/resume.js'

const url = new URL('ws://localhost:8002/?topic=a')

function read(resume: Resume, frame: string) {
  return resume.read(Buffer.from(frame))
}

test('the first connection begins where it is told to, each later one where the reader stands', async (t) => {
  const resume = new Resume('a', { last: 5 })
  t.equal(resume.urlFrom(url).search, '?topic=a&envelope=1&last=5')
  t.equal(read(resume, '{"live":"run12340--1","topic":"a"}'), null)
  t.equal(resume.urlFrom(url).search, '?topic=a&envelope=1&since=run12340--1')
  read(resume, '{"topic":"a","epoch":"run12340","offset":7,"data":1}')
  t.equal(resume.urlFrom(url).search, '?topic=a&envelope=1&since=run12340-7')
  t.equal(new Resume('a', { since: 'beginning' }).urlFrom(url).search, '?topic=a&envelope=1&since=beginning')
  t.equal(new Resume('a', {}).urlFrom(url).search, '?topic=a&envelope=1')
})

test('messages as they were published', async (t) => {
  const resume = new Resume('a', {})
  const head = '{"topic":"a \\"b\\"","epoch":"run12340","offset":7,'
  for (const [frame, text] of [
    [`${head}"data":{"EUR": 1.080}}`, '{"EUR": 1.080}'], [`${head}"data":"hello \\"you\\""}`, 'hello "you"'],
    [`${head}"data":12345678901234567890}`, '12345678901234567890'], [`${head}"data":null}`, 'null'],
  ] as const) {
    t.strictSame(read(resume, frame), { message: { topic: 'a', payload: Buffer.from(text), kind: 'text' } })
  }
  t.strictSame(read(resume, `${head}"base64":"/w=="}`), { message: { topic: 'a', payload: Buffer.from([0xff]), kind: 'binary' } })
})

test('gaps, in words', async (t) => {
  const resume = new Resume('a', {})
  t.strictSame(read(resume, '{"gap":{"topic":"a","from":"run12340-1","to":"run12340-3","skipped":3}}'),
    { gap: 'a: 3 messages are missing here (run12340-1 to run12340-3)' })
  t.strictSame(read(resume, '{"gap":{"topic":"a","from":"run12340-1","to":"run12340-1","skipped":1}}'),
    { gap: 'a: 1 message is missing here (run12340-1 to run12340-1)' })
  t.strictSame(read(resume, '{"gap":{"topic":"a","from":null,"to":null,"skipped":null}}'),
    { gap: 'a: something may be missing here, and nobody knows how much' })
})
