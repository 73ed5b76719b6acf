import { test } from 'tap'
import { anonymousGrants, type Place } from '../../../src/auth/anonymous.js'
import { allGrants, grantsFor, noGrants } from '../../../src/auth/grants.js'

const here: Place = { peer: '127.0.0.1', proxied: false, origin: null }

test('without a word about them: everything from this machine, nothing from any other', async (t) => {
  for (const place of [here, { ...here, peer: '::1' }, { ...here, peer: 'unix' }, { ...here, origin: 'http://localhost:3000' }, { ...here, origin: 'http://127.0.0.1' }]) {
    t.equal(anonymousGrants(null, place, null), allGrants, JSON.stringify(place))
  }
  for (const place of [
    { ...here, peer: '10.0.0.1' }, { ...here, peer: '' }, { ...here, proxied: true }, { ...here, origin: 'https://evil.example' }, { ...here, origin: 'null' },
    { ...here, peer: '10.0.0.1', origin: 'http://localhost' },
  ]) t.equal(anonymousGrants(null, place, null), noGrants, JSON.stringify(place))
})

test('pages that are listed', async (t) => {
  t.equal(anonymousGrants(null, { ...here, origin: 'https://shop.example' }, ['https://shop.example']), allGrants)
  t.equal(anonymousGrants(null, { ...here, origin: 'https://evil.example' }, ['https://shop.example']), noGrants)
  t.equal(anonymousGrants(null, { ...here, peer: '10.0.0.1', origin: 'https://shop.example' }, ['https://shop.example']), noGrants)
})

test('what is written is for everybody alike', async (t) => {
  const written = grantsFor({ subscribe: ['public/**'] }, null)
  for (const place of [here, { ...here, peer: '10.0.0.1' }, { ...here, proxied: true }, { ...here, origin: 'https://evil.example' }]) {
    t.equal(anonymousGrants(written, place, null), written, JSON.stringify(place))
  }
})
