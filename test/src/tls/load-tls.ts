import { X509Certificate } from 'node:crypto'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { parseOptions } from '../../../src/config/parse.js'
import type { BrokerOptions } from '../../../src/config/schema.js'
import { ConfigError } from '../../../src/errors.js'
import { filesOf, loadTls, type LoadedTls } from '../../../src/tls/load-tls.js'
import { joinFiles, openssl, TestIssuer } from '../../support/tls/certificates.js'

type TlsInput = NonNullable<BrokerOptions['tls']>

const dayMs = 86_400_000

function load(section: TlsInput, now?: number): LoadedTls {
  const { tls } = parseOptions({ tls: section })
  if (tls === null) throw new Error('there must be a section')
  return loadTls('tls', tls, () => now ?? Date.now())
}

/** The lines of the error, without `tls.` before them and the folder in them. */
function problems(folder: string, section: TlsInput): string[] {
  try {
    load(section)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(`${folder}/`, '').replaceAll('tls.', '').split('\n')
    throw error
  }
  return []
}

test('a certificate, its chain, its key, more of them by name, and who signs clients', async (t) => {
  const folder = t.testdir({})
  const issuer = new TestIssuer(folder)
  const pair = issuer.issueLocal('server')
  const shop = issuer.issue('shop', { commonName: 'shop', names: ['DNS:shop.example', 'DNS:*.shop.example'], days: 30 })
  const certFile = joinFiles(join(folder, 'chain.pem'), [readFileSync(pair.certFile, 'utf8'), 'text between\n', readFileSync(issuer.caFile, 'utf8')])
  const section: TlsInput = {
    certFile, keyFile: pair.keyFile, clientCaFile: issuer.caFile, clientCert: 'request', minVersion: 1.3,
    names: [{ serverNames: ['Shop.Example', '*.shop.example'], ...shop }],
  }
  const { options, expiry, warnings } = load(section)
  t.strictSame(warnings, [])
  t.strictSame([options.clientCert, options.minVersion], ['request', '1.3'])
  t.strictSame(options.certificates.map(({ serverNames }) => serverNames), [[], ['shop.example', '*.shop.example']])
  t.match(options.certificates[0], { passphrase: null, key: /^-----BEGIN PRIVATE KEY-----/ })
  t.equal(options.certificates[0]?.chain.match(/BEGIN CERTIFICATE/g)?.length, 2)
  t.notMatch(options.certificates[0]?.chain, /text between/)
  t.equal(options.clientCa, new X509Certificate(readFileSync(issuer.caFile)).toString())
  t.equal(expiry.file, shop.certFile)
  t.ok(Math.abs(expiry.at - Date.now() - 30 * dayMs) < dayMs, String(expiry.at))
  const { tls } = parseOptions({ tls: section })
  if (tls !== null) t.strictSame(filesOf(tls), [certFile, pair.keyFile, issuer.caFile, shop.certFile, shop.keyFile])
})

test('encrypted keys, keys in a variable, one file for both', async (t) => {
  const folder = t.testdir({ 'right.txt': 'correct horse\n', 'wrong.txt': 'wrong horse' })
  const { certFile, keyFile } = new TestIssuer(folder).issueLocal('server')
  openssl(folder, 'pkcs8', '-topk8', '-in', 'server.key', '-out', 'locked.key', '-passout', 'pass:correct horse')
  const [locked, right, wrong] = ['locked.key', 'right.txt', 'wrong.txt'].map((name) => join(folder, name)) as [string, string, string]
  const { options: { certificates: [plain] } } = load({ certFile, keyFile })
  t.match(load({ certFile, keyFile: locked, passphraseFile: right }).options.certificates, [plain])
  t.match(load({ certFile, keyFile: locked, passphrase: 'correct horse' }).options.certificates, [plain])
  t.match(load({ certFile, keyPem: readFileSync(keyFile, 'utf8') }).options.certificates, [plain])
  const both = joinFiles(join(folder, 'both.pem'), [readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8')])
  t.match(load({ certFile: both, keyFile: both }).options.certificates, [plain])
  t.strictSame(problems(folder, { certFile, keyFile: locked }), [
    'keyFile must name a key that is not encrypted, or have a passphraseFile beside it, got: locked.key (it is encrypted)',
  ])
  const [refused = ''] = problems(folder, { certFile, keyFile: locked, passphraseFile: wrong })
  t.match(refused, /^keyFile must name a private key and its passphrase, got: locked\.key \(ERR_OSSL_\w+\)$/)
})

test('what does not fit is told, each file, and nothing of a key', async (t) => {
  const folder = t.testdir({ 'text.pem': 'no PEM', 'torn.pem': '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' })
  const issuer = new TestIssuer(folder)
  const [{ certFile, keyFile }, other] = [issuer.issueLocal('server'), issuer.issueLocal('other')]
  openssl(folder, 'genrsa', '-out', 'weak.key', '1024')
  openssl(folder, 'genpkey', '-algorithm', 'x25519', '-out', 'agreement.key')
  const at = (name: string) => join(folder, name)
  t.strictSame(problems(folder, { certFile: at('none.pem'), keyFile: at('none.key') }), [
    'certFile must name a readable file of at most 1048576 bytes, got: none.pem (ENOENT)',
    'keyFile must name a readable file of at most 1048576 bytes, got: none.key (ENOENT)',
  ])
  t.strictSame(problems(folder, { certFile: at('text.pem'), keyFile: at('text.pem') }), [
    'certFile must name a PEM file with a certificate, got: text.pem (no certificate in it)',
    'keyFile must name PEM with a private key, got: text.pem (no private key in it)',
  ])
  t.strictSame(problems(folder, { certFile: at('torn.pem'), keyFile }), ['certFile must name a PEM file with certificates, got: torn.pem (number 1 cannot be read)'])
  t.strictSame(problems(folder, { certFile, keyFile: other.keyFile }), ['keyFile must be the key of server.pem, got: other.key (of another certificate)'])
  t.strictSame(problems(folder, { certFile, keyPem: readFileSync(other.keyFile, 'utf8') }), ['keyPem must be the key of server.pem, got: (hidden) (of another certificate)'])
  const kinds = 'must name an RSA key of at least 2048 bits, an EC or an Ed25519 key'
  t.strictSame(problems(folder, { certFile, keyFile: at('weak.key') }), [`keyFile ${kinds}, got: weak.key (an RSA key of 1024 bits)`])
  t.strictSame(problems(folder, { certFile, keyFile: at('agreement.key') }), [`keyFile ${kinds}, got: agreement.key (a key of the kind x25519)`])
  t.strictSame(problems(folder, { certFile, keyFile, clientCert: 'require', clientCaFile: at('text.pem'), names: [{ serverNames: ['a.example'], certFile, keyFile: other.keyFile }] }), [
    'names[0].keyFile must be the key of server.pem, got: other.key (of another certificate)',
    'clientCaFile must name a PEM file with a certificate, got: text.pem (no certificate in it)',
  ])
})

test('what to mind: dates, names, the order of a chain, who may read the key', async (t) => {
  const folder = t.testdir({})
  const [issuer, stranger] = [new TestIssuer(folder), new TestIssuer(folder, 'stranger')]
  const { certFile, keyFile } = issuer.issueLocal('server')
  const told = (section: TlsInput, now?: number) => load(section, now).warnings.map((line) => line.replaceAll(`${folder}/`, ''))
  t.match(told({ certFile, keyFile }, Date.now() + 91 * dayMs), [/^server\.pem was valid until \S+Z: clients refuse it$/])
  t.match(told({ certFile, keyFile }, Date.now() - dayMs), [/^server\.pem is not valid before \S+Z: clients refuse it$/])
  t.strictSame(told({ certFile, keyFile, names: [{ serverNames: ['localhost', 'a.example', '*.b.example'], certFile, keyFile }] }), [
    'server.pem is not for a.example, *.b.example, so clients that ask for that refuse it',
  ])
  const wrong = joinFiles(join(folder, 'wrong.pem'), [certFile, stranger.caFile].map((file) => readFileSync(file, 'utf8')))
  t.strictSame(told({ certFile: wrong, keyFile }), [
    'wrong.pem: certificate 2 is not the issuer of the one before it, so clients may not find the way to its root',
  ])
  chmodSync(keyFile, 0o644)
  t.strictSame(told({ certFile, keyFile }), ['everybody may read the key server.key (mode 0644): chmod o-r'])
})
