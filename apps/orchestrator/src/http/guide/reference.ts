// The API as a page: every route of the OpenAPI document with its parameters, body, answers and a line of curl. What the document says is
// all that is said here.
import type { Page } from './layout.ts'
import { escapeHtml, inline, slugOf } from './markdown.ts'

/** As far as it is read. */
interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  description?: string
  default?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: Schema | boolean
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}
interface Media {
  schema?: Schema
  example?: unknown
  examples?: Record<string, { summary?: string; value?: unknown }>
}
interface Operation {
  summary?: string
  description?: string
  tags?: string[]
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[]
  requestBody?: { content?: Record<string, Media> }
  responses?: Record<string, { description?: string; content?: Record<string, Media> }>
}
export interface OpenApi {
  info: { title: string; version: string; description?: string }
  paths?: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

export function referencePage(api: OpenApi, baseUrl: string): Page {
  const byTag = new Map<string, string[]>()
  for (const [path, operations] of Object.entries(api.paths ?? {})) {
    for (const method of METHODS) {
      const operation = operations[method]
      if (operation === undefined) continue
      const tag = operation.tags?.[0] ?? 'other'
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationHtml(method, path, operation, baseUrl)])
    }
  }
  const tags = [...byTag.keys()]
  const schemas = Object.entries(api.components?.schemas ?? {})
  const contents = [...tags, 'schemas'].map(tag => `<li><a href="#${slugOf(tag)}">${escapeHtml(tag)}</a></li>`).join('')
  const html = [
    `<h1>The API of ${escapeHtml(api.info.title)}</h1>`,
    `<p>${escapeHtml(api.info.description ?? '')}</p>`,
    `<p>Every request below <code>/v1</code> carries <code>Authorization: Bearer TOKEN</code>. Errors are <code>application/problem+json</code>: <a href="/guide/errors">all of them</a>. For programs: <a href="/openapi.json">openapi.json</a>.</p>`,
    `<nav aria-label="Parts"><ul>${contents}</ul></nav>`,
    ...tags.map(tag => `<h2 id="${slugOf(tag)}">${escapeHtml(tag)}</h2>${byTag.get(tag)?.join('') ?? ''}`),
    `<h2 id="schemas">schemas</h2>`,
    ...schemas.map(([name, schema]) => `<h3 id="schema-${slugOf(name)}">${escapeHtml(name)}</h3>${schemaHtml(schema)}`),
  ]
  return { title: 'API reference', path: '/docs', html: html.join('\n') }
}

function operationHtml(method: string, path: string, operation: Operation, baseUrl: string): string {
  const { summary = '', description, parameters = [], requestBody, responses = {} } = operation
  const body = Object.entries(requestBody?.content ?? {})[0]
  const rows = parameters.map(one => [
    `<code>${escapeHtml(one.name)}</code>${one.required === true ? ' <span class="quiet">required</span>' : ''}`,
    `<span class="quiet">${escapeHtml(one.in)}</span>`,
    typeOf(one.schema ?? {}),
    escapeHtml(one.description ?? one.schema?.description ?? ''),
  ])
  const answers = Object.entries(responses).map(([status, { description: says = '', content = {} }]) => {
    const is = Object.values(content).flatMap(({ schema }) => (schema === undefined ? [] : [typeOf(schema)]))
    return [
      `<code>${escapeHtml(status)}</code>`,
      [...new Set(is)].join(' or '),
      escapeHtml(Object.keys(content).join(', ')),
      escapeHtml(says === 'Default Response' ? '' : says),
    ]
  })
  return [
    `<h3 id="${slugOf(`${method} ${path}`)}"><span class="method">${method.toUpperCase()}</span> <code>${escapeHtml(path)}</code></h3>`,
    `<p>${inline(summary)}${summary === '' || /[.?!]$/.test(summary) ? '' : '.'} ${inline(description ?? '')}</p>`,
    rows.length === 0 ? '' : table(['parameter', 'in', 'is', ''], rows),
    body?.[1].schema === undefined ? '' : `<p>Body, <code>${escapeHtml(body[0])}</code>: ${typeOf(body[1].schema)}</p>`,
    body === undefined ? '' : exampleHtml(body[1]),
    table(['answer', 'is', 'as', ''], answers),
    `<details><summary>curl</summary><pre tabindex="0"><code>${escapeHtml(curlOf(method, path, body !== undefined, baseUrl))}</code></pre></details>`,
  ].join('\n')
}

function exampleHtml({ example, examples = {} }: Media): string {
  const all: [string, unknown][] = [
    ...(example === undefined ? [] : [['example', example] satisfies [string, unknown]]),
    ...Object.entries(examples).map(([name, { summary, value }]): [string, unknown] => [summary ?? name, value]),
  ]
  return all
    .map(
      ([name, value]) =>
        `<details><summary>${escapeHtml(name)}</summary><pre tabindex="0"><code>${escapeHtml(JSON.stringify(value, null, 2))}</code></pre></details>`,
    )
    .join('')
}

function curlOf(method: string, path: string, hasBody: boolean, baseUrl: string): string {
  const words = ['curl', ...(method === 'get' ? [] : ['-X', method.toUpperCase()])]
  if (path.startsWith('/v1')) words.push('-H "Authorization: Bearer $TROTLINE_TOKEN"')
  if (method === 'post') words.push('-H "Idempotency-Key: $(uuidgen)"')
  if (hasBody) words.push("-H 'Content-Type: application/json' --data @request.json")
  return `${words.join(' ')} '${baseUrl}${path}'`
}

function schemaHtml(schema: Schema): string {
  const { description, properties } = schema
  const said = description === undefined ? '' : `<p>${escapeHtml(description)}</p>`
  if (properties === undefined) return `${said}<p>${typeOf(schema)}</p>`
  const required = new Set(schema.required ?? [])
  const rows = Object.entries(properties).map(([name, field]) => [
    `<code>${escapeHtml(name)}</code>`,
    typeOf(field),
    escapeHtml(
      [
        required.has(name) && field.default === undefined ? '' : 'may be left out',
        field.default === undefined ? '' : `default ${JSON.stringify(field.default)}`,
        field.description ?? '',
      ]
        .filter(text => text !== '')
        .join('; '),
    ),
  ])
  return said + table(['field', 'is', ''], rows)
}

const MOST_ENUM = 24
const MOST_DEPTH = 4

/** In words, with links to what has a name of its own. */
function typeOf(schema: Schema, depth = 0): string {
  const { $ref, type, items, additionalProperties, properties } = schema
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1) ?? ''
    return `<a href="#schema-${slugOf(name)}">${escapeHtml(name)}</a>`
  }
  const value = (one: unknown): string => `<code>${escapeHtml(JSON.stringify(one) ?? '')}</code>`
  if (schema.const !== undefined) return value(schema.const)
  if (schema.enum !== undefined)
    return (
      schema.enum.slice(0, MOST_ENUM).map(value).join(' or ') + (schema.enum.length > MOST_ENUM ? ' or others' : '')
    )
  if (depth > MOST_DEPTH) return 'an object'
  const below = (one: Schema): string => typeOf(one, depth + 1)
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) return [...new Set(either.map(below))].join(' or ')
  if (schema.allOf !== undefined) return [...new Set(schema.allOf.map(below))].join(' and ')
  if (items !== undefined || type === 'array') return `a list of ${items === undefined ? 'anything' : below(items)}`
  if (properties !== undefined) {
    const names = Object.entries(properties).map(([name, field]) => `<code>${escapeHtml(name)}</code>: ${below(field)}`)
    return `{ ${names.join(', ')} }`
  }
  if (typeof additionalProperties === 'object') return `an object of ${below(additionalProperties)}`
  const plain = Array.isArray(type) ? type.join(' or ') : (type ?? 'anything')
  return escapeHtml(schema.format === undefined ? plain : `${plain} (${schema.format})`)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, of: readonly string[]): string =>
    `<tr>${of.map(cell => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<div class="wide" tabindex="0"><table><thead>${cells('th', head)}</thead><tbody>${rows.map(row => cells('td', row)).join('')}</tbody></table></div>`
}
