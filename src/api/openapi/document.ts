/** The API as an OpenAPI 3.1 document, made of its rows. */

import { z } from 'zod'
import type { Route } from '../../http/contract.js'
import { operations, type Operation } from './operations.js'
import { schemas, type SchemaName } from './schemas.js'

type Json = Readonly<Record<string, unknown>>

/** Of every route. */
const refusalsOfAll = [400, 401, 403]

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` }
}

function isSchema(name: string): name is SchemaName {
  return Object.hasOwn(schemas, name)
}

function content(name: Operation['answers']): Json {
  return isSchema(name) ? { 'application/json': { schema: reference(name) } } : { [name]: {} }
}

function responses({ access }: Route, { answers, refuses = [] }: Operation): Json {
  const statuses = [...refusalsOfAll.filter((status) => status === 400 || access === 'token'), ...refuses]
  const refusal = { description: 'Refused; `detail` says why.', content: { 'application/problem+json': { schema: reference('Problem') } } }
  const refused = Object.fromEntries(statuses.map((status) => [status, refusal]))
  return { 200: { description: 'Done.', content: content(answers) }, ...refused }
}

function parameters({ path }: Route, { query = [] }: Operation): Json[] {
  const named = [...path.matchAll(/\{(\w+)(\.\.\.)?\}/g)].map(([, name, rest]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' }, description: rest === undefined ? '' : 'All of the path from here on, slashes too.' }
  })
  return [...named, ...query.map(({ name, about, schema }) => ({ name, in: 'query', required: false, schema, description: about }))]
}

function body({ takes }: Operation): Json {
  if (takes === undefined) return {}
  const media = takes === 'anything' ? { '*/*': {} } : content(takes)
  return { requestBody: { required: takes !== 'anything', content: media } }
}

function operationOf(route: Route): Json {
  const operation = operations[`${route.method} ${route.path}`] ?? { answers: 'Any' }
  return {
    summary: route.about ?? '', ...route.access === 'token' ? { security: [{ token: [] }] } : {},
    parameters: parameters(route, operation), ...body(operation), responses: responses(route, operation),
  }
}

function pathsOf(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) (paths[route.path.replace('...}', '}')] ??= {})[route.method.toLowerCase()] = operationOf(route)
  return paths
}

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema)
  return rest
}

export function openApiDocument(routes: readonly Route[], version: string): Json {
  return {
    openapi: '3.1.0',
    info: { title: 'broker: HTTP API', version, description: 'docs/http-api.md of the package @tutti/broker', license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    paths: pathsOf(routes),
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, schemaOf(schema)])),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'api.token, or a credential of auth; none where neither is configured.' } },
    },
  }
}
