// The OpenAPI document as the requests here are made from it and the answers are held against it.

export interface Schema {
  $ref?: string
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  items?: Schema | boolean
  prefixItems?: Schema[]
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  format?: string
  contentEncoding?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
}

export interface Content {
  schema?: Schema
  examples?: Record<string, { value: unknown }>
}

export interface Parameter {
  in: 'path' | 'query' | 'header'
  name: string
  required?: boolean
  schema: Schema
}

export interface Response {
  description: string
  content?: Record<string, Content>
}

export interface DescribedOperation {
  operationId?: string
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Record<string, Content> }
  responses: Record<string, Response>
}

export interface OpenApi {
  openapi: string
  paths: Record<string, Record<string, DescribedOperation>>
  components: { schemas: Record<string, Schema> }
}

export interface Operation extends DescribedOperation {
  /** `get /v1/jobs/{id}` */
  route: string
  method: string
  path: string
}

export const operationsOf = ({ paths }: OpenApi): Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, route: `${method} ${path}`, method, path })),
  )

/** @throws Error where it leads nowhere */
export function schemaAt({ components }: OpenApi, ref: string): Schema {
  const found = components.schemas[ref.replace('#/components/schemas/', '')]
  if (found === undefined) throw new Error(`${ref} is not in the document`)
  return found
}

/**
 * The operation that answers this method and address, as routers find it: of two that fit, the one with fewer parameters. null: none is
 * described. A HEAD is its GET.
 */
export function operationAt(operations: readonly Operation[], method: string, target: string): Operation | null {
  const asked = method === 'HEAD' ? 'get' : method.toLowerCase()
  const parts = pathOf(target).split('/').map(decoded)
  const fitting = operations.filter(one => one.method === asked && fits(one.path.split('/'), parts))
  const parameters = ({ path }: Operation): number => path.split('{').length
  return fitting.toSorted((a, b) => parameters(a) - parameters(b))[0] ?? null
}

/** Without the query, and without the scheme and host that a proxy would be sent. */
export const pathOf = (target: string): string => target.replace(/^https?:\/\/[^/?]*/, '').split(/[?#]/)[0] ?? ''

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The last parameter of an artifact's address takes slashes. */
const TAKES_SLASHES = '{path}'

function fits(template: readonly string[], parts: readonly string[]): boolean {
  const open = template.at(-1) === TAKES_SLASHES
  if (open ? parts.length < template.length : parts.length !== template.length) return false
  return template.every((part, i) => part.startsWith('{') || part === parts[i])
}
