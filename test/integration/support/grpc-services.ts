/** The broker's gRPC services as clients build them: from the .proto files that the package ships. */

import { loadPackageDefinition, type Client, type ClientOptions, type ChannelCredentials, type MethodDefinition, type ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { fileURLToPath } from 'node:url'

export const protoFolder = fileURLToPath(new URL('../../../native/codec/grpc/proto', import.meta.url))

const files = [
  'message_service.proto', 'broker/v1/message_service.proto', 'grpc/health/v1/health.proto', 'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
]

/** keepCase: names as in the files; defaults: what is absent on the wire has its value. */
export const loaderOptions = { includeDirs: [protoFolder], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true }

interface ServiceClass {
  new (address: string, credentials: ChannelCredentials, options?: ClientOptions): Client
  readonly service: ServiceDefinition
}

interface Packages {
  readonly MessageService: ServiceClass
  readonly broker: { readonly v1: { readonly MessageService: ServiceClass } }
  readonly grpc: {
    readonly health: { readonly v1: { readonly Health: ServiceClass } }
    readonly reflection: { readonly v1: { readonly ServerReflection: ServiceClass }; readonly v1alpha: { readonly ServerReflection: ServiceClass } }
  }
}

const packages = loadPackageDefinition(loadSync(files, loaderOptions)) as unknown as Packages

/** The service of the message distribution contract, without a package. */
export const messageService = packages.MessageService.service
/** The additive one. */
export const v1Service = packages.broker.v1.MessageService.service
export const healthService = packages.grpc.health.v1.Health.service
export const reflectionServices = [packages.grpc.reflection.v1.ServerReflection.service, packages.grpc.reflection.v1alpha.ServerReflection.service]

/** @throws {Error} no such method. */
export function methodOf(service: ServiceDefinition, name: string): MethodDefinition<object, object> {
  const method = service[name]
  if (method === undefined) throw new Error(`no such method, got: ${name}`)
  return method
}
