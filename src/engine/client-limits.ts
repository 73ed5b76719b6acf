/** What bounds one client, as the engine takes it: a number each, 0 where there is no limit. */

import type { ClientsConfig } from '../config/sections/clients.js'
import type { EngineOptions } from '../native/binding.js'

export function resolveClients({ connection, ...client }: ClientsConfig): EngineOptions['clients'] {
  return {
    publicationsPerSecondMax: client.publicationsPerSecondMax ?? 0,
    bytesPerSecondMax: client.bytesPerSecondMax ?? 0,
    connectionsMax: client.connectionsMax ?? 0,
    handshakesPerSecondMax: client.handshakesPerSecondMax ?? 0,
    connectionPublicationsPerSecondMax: connection.publicationsPerSecondMax ?? 0,
    connectionBytesPerSecondMax: connection.bytesPerSecondMax ?? 0,
    connectionTopicsMax: connection.topicsMax ?? 0,
    overRate: client.overRate,
  }
}
