/** Certificates for tests, made by the command openssl as an operator would. */

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CertificatePair {
  readonly certFile: string
  readonly keyFile: string
}

export interface Wanted {
  readonly commonName: string
  /** `DNS:localhost`, `IP:127.0.0.1`, `URI:spiffe://…`. */
  readonly names?: readonly string[]
  readonly days?: number
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

export function openssl(folder: string, ...args: readonly string[]): string {
  return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

export const localNames = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1']

/** An issuer of its own, in a folder. */
export class TestIssuer {
  readonly folder: string
  readonly name: string
  readonly caFile: string

  constructor(folder: string, name = 'ca') {
    this.folder = folder
    this.name = name
    this.caFile = join(folder, `${name}.pem`)
    openssl(folder, 'req', '-x509', ...curve, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=Test ${name}`, '-days', '3650')
  }

  /** Makes `<name>.pem` and `<name>.key` in the folder. */
  issue(name: string, { commonName, names = [], days = 90 }: Wanted): CertificatePair {
    const { folder } = this
    const extension = names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`]
    openssl(folder, 'req', '-new', ...curve, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${commonName}`, ...extension)
    openssl(folder, 'x509', '-req', '-in', `${name}.csr`, '-CA', `${this.name}.pem`, '-CAkey', `${this.name}.key`, '-CAcreateserial', '-days', String(days),
      '-copy_extensions', 'copyall', '-out', `${name}.pem`)
    return { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) }
  }

  /** The same for this machine. */
  issueLocal(name: string, days = 90): CertificatePair {
    return this.issue(name, { commonName: 'localhost', names: localNames, days })
  }
}

/** Puts texts one behind another into a file. */
export function joinFiles(file: string, texts: readonly string[]): string {
  writeFileSync(file, texts.join(''))
  return file
}
