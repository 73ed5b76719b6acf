/** Names of hosts, as this machine knows them. */

import { lookup } from 'node:dns/promises'

/** The addresses of a host name, at least one; rejects with a system error. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** All addresses the system's resolver knows, /etc/hosts included. */
export const systemResolve: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address)
