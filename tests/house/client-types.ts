// An OpenAPI document as TypeScript: `paths` and `components`, in the shape that openapi-typescript gives them, so that its companions fit, too.
// Pure. Only what our own document holds is known; any other keyword ends it with a sentence instead of a type that is wrong.

export interface Schema {
  $ref?: string
  type?: string | readonly string[]
  enum?: readonly unknown[]
  const?: unknown
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
  allOf?: readonly Schema[]
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  items?: boolean | Schema
  prefixItems?: readonly Schema[]
  description?: string
}
interface Parameter {
  name: string
  in: string
  required?: boolean
  schema?: Schema
}
type Content = Readonly<Record<string, { schema?: Schema }>>
interface Answer {
  content?: Content
  headers?: Readonly<Record<string, { schema?: Schema }>>
}
interface Operation {
  summary?: string
  parameters?: readonly Parameter[]
  requestBody?: { required?: boolean; content: Content }
  responses?: Readonly<Record<string, Answer>>
}
export interface OpenApi {
  paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  components?: { schemas?: Readonly<Record<string, Schema>> }
}

const SHAPE = ['$ref', 'type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'properties', 'required'] as const
const MORE_SHAPE = ['additionalProperties', 'propertyNames', 'items', 'prefixItems'] as const
/** What narrows values and says nothing that a type could hold. */
const LIMITS =
  /^(description|examples?|default|format|pattern|contentEncoding|title|deprecated|(min|max)(Length|Items|Properties|imum)|exclusive(Min|Max)imum|multipleOf|uniqueItems)$/
const KNOWN = new Set<string>([...SHAPE, ...MORE_SHAPE])

const REF = '#/components/schemas/'
/** Of schemas as a client sends them, where what the server makes of them differs by its defaults. */
const SENT = /Input$/

/** The text of a module, to be formatted. */
export function clientTypes(document: OpenApi): string {
  const schemas = document.components?.schemas ?? {}
  const paths = Object.entries(document.paths ?? {})
  const reached = reachedFrom(document)
  const named = Object.keys(schemas)
    .filter(name => reached.has(name) || !SENT.test(name))
    .toSorted()
  return [
    'export interface paths {',
    ...paths.map(([path, operations]) => `${key(path)}: {\n${operationsText(operations, path)}\n}`),
    '}',
    '',
    'export interface components {',
    'schemas: {',
    ...named.map(name => {
      const schema = schemas[name] ?? {}
      return `${comment(schema.description)}${key(name)}: ${typeOf(schema, { sent: SENT.test(name), at: name })}`
    }),
    '}',
    '}',
    '',
    '/** What every route answers that does not do what it was asked for. */',
    'interface Refusal {',
    "content: { 'application/problem+json': components['schemas']['Problem'] }",
    '}',
    '',
  ].join('\n')
}

interface Where {
  /** Fields that may be left out may be undefined as well: JSON leaves them out. */
  sent: boolean
  at: string
}

/** @throws Error naming the place, for a schema with a keyword that is not known here */
export function typeOf(schema: Schema, where: Where): string {
  const unknown = Object.keys(schema).find(word => !KNOWN.has(word) && !LIMITS.test(word))
  if (unknown !== undefined)
    throw new Error(`${where.at}: client-types.ts does not know the keyword "${unknown}" yet; teach it there.`)
  const { $ref, const: only, enum: words, anyOf, oneOf, allOf, type } = schema
  if ($ref !== undefined) return refText($ref, where.at)
  if ('const' in schema) return JSON.stringify(only)
  if (words !== undefined) return union(words.map(word => JSON.stringify(word)))
  const either = anyOf ?? oneOf
  if (either !== undefined) return union(either.map(one => typeOf(one, where)))
  if (allOf !== undefined) return allOf.map(one => `(${typeOf(one, where)})`).join(' & ')
  if (Array.isArray(type)) return union(type.map((one: string) => typeOf({ ...schema, type: one }, where)))
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return arrayText(schema, where)
    case 'object':
      return objectText(schema, where)
    case undefined:
      return 'unknown'
  }
  throw new Error(`${where.at}: "${String(type)}" is no type of JSON Schema.`)
}

function arrayText({ items, prefixItems }: Schema, where: Where): string {
  const item = typeof items === 'object' ? typeOf(items, where) : 'unknown'
  // What is sent may be a list that nobody changes.
  const list = where.sent ? `readonly (${item})[]` : `(${item})[]`
  if (prefixItems === undefined) return list
  const first = prefixItems.map(one => typeOf(one, where))
  return `${where.sent ? 'readonly ' : ''}[${[...first, ...(items === false ? [] : [`...${list}`])].join(', ')}]`
}

function objectText({ properties = {}, required = [], additionalProperties, propertyNames }: Schema, where: Where) {
  const fields = Object.entries(properties).map(([name, field]) => {
    const at = `${where.at}.${name}`
    const type = typeOf(field, { ...where, at })
    const needed = required.includes(name)
    const value = where.sent && !needed ? union([type, 'undefined']) : type
    return `${comment(field.description)}${key(name)}${needed ? '' : '?'}: ${value}`
  })
  const others = additionalProperties
  const open = typeof others === 'object' ? typeOf(others, where) : others === true ? 'unknown' : null
  if (fields.length === 0) {
    const names = propertyNames?.enum?.map(name => JSON.stringify(name)).join(' | ')
    if (open === null) return 'Record<string, never>'
    if (names === undefined) return `Record<string, ${open}>`
    // Every one of them has to be there where they are required by name.
    return required.length > 0 ? `Record<${names}, ${open}>` : `Partial<Record<${names}, ${open}>>`
  }
  return `{\n${[...fields, ...(open === null ? [] : ['[field: string]: unknown'])].join('\n')}\n}`
}

function operationsText(operations: Readonly<Record<string, Operation>>, path: string): string {
  return Object.entries(operations)
    .map(([method, operation]) => {
      const at = `${method} ${path}`
      return [
        `${comment(operation.summary)}${method}: {`,
        parametersText(operation.parameters ?? [], at),
        bodyText(operation.requestBody, at),
        `responses: {\n${Object.entries(operation.responses ?? {})
          .map(([status, answer]) => `${status}: ${answerText(answer, at)}`)
          .join('\n')}\n}`,
        '}',
      ]
        .filter(line => line !== '')
        .join('\n')
    })
    .join('\n')
}

function parametersText(parameters: readonly Parameter[], at: string): string {
  const groups = ['path', 'query', 'header'].flatMap(group => {
    const own = parameters.filter(one => one.in === group)
    if (own.length === 0) return []
    const needed = own.some(one => one.required === true)
    const fields = own.map(({ name, required = false, schema = {} }) => {
      const type = typeOf(schema, { sent: true, at: `${at}, ${group} ${name}` })
      return `${key(name)}${required ? '' : '?'}: ${required ? type : union([type, 'undefined'])}`
    })
    return [`${group}${needed ? '' : '?'}: { ${fields.join('; ')} }`]
  })
  return groups.length === 0 ? '' : `parameters: {\n${groups.join('\n')}\n}`
}

/** A body that may be null may be left out. */
function bodyText(body: Operation['requestBody'], at: string): string {
  if (body === undefined) return ''
  const types = Object.entries(body.content).map(([type, { schema = {} }]) => ({
    type,
    text: typeOf(schema, { sent: true, at: `${at}, body` }),
  }))
  const optional = body.required !== true || types.some(({ text }) => / \| null$/.test(text))
  return `requestBody${optional ? '?' : ''}: { content: { ${types.map(({ type, text }) => `${key(type)}: ${text}`).join('; ')} } }`
}

function answerText({ content, headers }: Answer, at: string): string {
  const types = Object.entries(content ?? {}).map(([type, { schema = {} }]) => ({ type, schema }))
  const [first] = types
  if (first === undefined) return '{ content?: never }'
  if (types.length === 1 && first.type === 'application/problem+json' && first.schema.$ref === `${REF}Problem`)
    return 'Refusal'
  const texts = types.map(
    ({ type, schema }) => `${key(type)}: ${typeOf(schema, { sent: false, at: `${at}, ${type}` })}`,
  )
  const told = Object.keys(headers ?? {}).map(name => `${key(name)}: string`)
  return `{ ${told.length === 0 ? '' : `headers: { ${told.join('; ')} }; `}content: { ${texts.join('; ')} } }`
}

function refText(ref: string, at: string): string {
  if (!ref.startsWith(REF)) throw new Error(`${at}: ${ref} is not one of the document's schemas.`)
  return `components['schemas'][${JSON.stringify(ref.slice(REF.length))}]`
}

/** Schemas by name that the routes use, and those which these use. */
function reachedFrom({ paths, components }: OpenApi): Set<string> {
  const reached = new Set<string>()
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [word, inner] of Object.entries(value)) {
      if (word === 'example' || word === 'examples') continue
      if (word !== '$ref' || typeof inner !== 'string') {
        look(inner)
        continue
      }
      const name = inner.slice(REF.length)
      if (reached.has(name)) continue
      reached.add(name)
      look(components?.schemas?.[name])
    }
  }
  look(paths)
  return reached
}

const union = (types: readonly string[]): string =>
  [...new Set(types.map(type => (type === '' ? 'never' : type)))].join(' | ')

const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

const comment = (text: string | undefined): string =>
  text === undefined ? '' : `/** ${text.replaceAll('*/', '*\\/').replaceAll(/\s+/g, ' ')} */\n`
