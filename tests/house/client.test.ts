// The client's types are the API's: made from the description that the server gives, and never left behind.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CLIENT_SCHEMA, clientSchemaText, ROOT } from './client-schema.ts'
import { clientTypes, typeOf } from './client-types.ts'

test('the types of the client are those of the API', async () => {
  const written = readFileSync(join(ROOT, CLIENT_SCHEMA), 'utf8')
  const current = (await clientSchemaText()) === written
  assert.ok(current, `${CLIENT_SCHEMA} is not what the server describes any more: run "npm run client".`)
})

const type = (schema: object, sent = false): string => typeOf(schema, { sent, at: 'here' }).replaceAll(/\s+/g, ' ')

test('each form of a schema has its type', () => {
  assert.equal(type({ type: 'integer', minimum: 0 }), 'number')
  assert.equal(type({ type: ['number', 'null'] }), 'number | null')
  assert.equal(type({ const: 1, type: 'number' }), '1')
  assert.equal(type({ enum: ['a', "b'"], type: 'string' }), '"a" | "b\'"')
  assert.equal(
    type({ anyOf: [{ type: 'string' }, { type: 'string', pattern: 'x' }, { type: 'null' }] }),
    'string | null',
  )
  assert.equal(type({ allOf: [{ type: 'string' }, {}] }), '(string) & (unknown)')
  assert.equal(type({ $ref: '#/components/schemas/Job' }), 'components[\'schemas\']["Job"]')
  assert.equal(type({ type: 'array', items: { type: 'string' } }), '(string)[]')
  assert.equal(type({ type: 'array', items: { type: 'string' } }, true), 'readonly (string)[]')
  assert.equal(type({ type: 'array', prefixItems: [{ type: 'number' }], items: false }), '[number]')
  assert.equal(type({ type: 'array', prefixItems: [{ type: 'number' }], items: {} }), '[number, ...(unknown)[]]')
  assert.equal(type({ type: 'object', additionalProperties: { type: 'number' } }), 'Record<string, number>')
  assert.equal(type({ type: 'object', properties: {}, additionalProperties: false }), 'Record<string, never>')
  assert.equal(
    type({ type: 'object', propertyNames: { enum: ['a', 'b'] }, additionalProperties: { type: 'number' } }),
    'Partial<Record<"a" | "b", number>>',
  )
  assert.equal(type({}), 'unknown')
})

test('a field that may be left out may be undefined where it is sent, and is never undefined where it is read', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' }, 'b-c': {} }, required: ['b-c'] }
  assert.equal(type(schema), '{ a?: string "b-c": unknown }')
  assert.equal(type(schema, true), '{ a?: string | undefined "b-c": unknown }')
})

test('a keyword that is not known, and a schema that is not there, end it with their place', () => {
  assert.throws(() => type({ type: 'object', patternProperties: {} }), /here: .*"patternProperties"/)
  assert.throws(() => type({ type: 'any' }), /here: "any" is no type/)
  assert.throws(() => type({ $ref: 'other.json' }), /here: other\.json is not one/)
  assert.throws(
    () => clientTypes({ components: { schemas: { A: { type: 'object', properties: { b: { not: {} } as object } } } } }),
    /A\.b: .*"not"/,
  )
})

test('schemas that only a server reads are left out, and those that are sent are kept where a route takes them', () => {
  const job = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] }
  const text = clientTypes({
    paths: {
      '/v1/jobs': {
        post: {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/JobRequestInput' } } },
          },
          responses: { 204: {} },
        },
      },
    },
    components: { schemas: { Job: job, JobInput: job, JobRequestInput: job, JobRequest: job } },
  })
  assert.deepEqual(
    [...text.matchAll(/^(\w+): \{$/gm)].map(([, name]) => name).filter(name => name?.startsWith('Job')),
    ['Job', 'JobRequest', 'JobRequestInput'],
  )
  assert.match(text, /requestBody: \{ content/)
})
