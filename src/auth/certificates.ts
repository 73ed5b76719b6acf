/** Client certificates: TLS has verified who it is, the configuration says what that one may do. */

import type { ClientCertificate } from '../native/tls.js'
import type { Grants } from './grants.js'
import type { Principal } from './principal.js'

export interface CertificateRule {
  /** A common name, or a URI among the alternative names, exactly. */
  readonly subject: string
  readonly grants: Grants
}

export class Certificates {
  readonly #rules: readonly CertificateRule[]

  constructor(rules: readonly CertificateRule[]) {
    this.#rules = rules
  }

  /** The first rule that names the certificate counts; null: none does. */
  find({ commonName, uris, expiresAt }: ClientCertificate): Principal | null {
    const rule = this.#rules.find(({ subject }) => subject === commonName || uris.includes(subject))
    return rule === undefined ? null : { way: 'certificates', name: rule.subject, subject: rule.subject, grants: rule.grants, expiresAt }
  }
}
