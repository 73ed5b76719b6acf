/// <reference types="node" preserve="true" />
/** The package's interface: a broker inside a Node program. */

export type { Broker, BrokerEvents, BrokerListener, CloseOptions } from './broker.js'
export type { BrokerOptions } from './config/schema.js'
export type { ConnectionInfo, ConnectionList, Connections, ConnectionsQuery } from './connections.js'
export { createBroker } from './create-broker.js'
export type { Gap, HistoryOptions, KeptPublication, TopicHistory } from './history.js'
export type { Message, MessageListener, SubscribeOptions, Subscription } from './subscriptions.js'
export { AddonLoadError, ClosedError, ConfigError, ListenError, StartError, type ConfigIssue } from './errors.js'
export type {
  BoundListener, ConnectionEvent, ConnectionOrder, ConnectionProtocol, DisconnectEvent, EngineOptions, EngineStats, ListenerOptions,
  ProtocolName, SkippedListener,
  SlowConsumerRule, SlowEvent, TopicStats, Tuning, WarningEvent,
} from './native/binding.js'
