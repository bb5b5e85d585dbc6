// Is the OpenAPI document itself sound? References lead somewhere, schemas can be compiled, names are unique, examples fit, errors are told.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { type Content, type OpenApi, type Operation, operationsOf, schemaAt } from './document.ts'

/** Sentences; empty: it is sound. */
export function documentFaults(document: OpenApi): string[] {
  const operations = operationsOf(document)
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  ajv.addFormat('base64', /^[A-Za-z0-9+/]*={0,2}$/)
  ajv.addSchema(document, 'openapi')
  const compiled = new Map<string, ValidateFunction>()
  return [
    ...(/^3\.1\.\d+$/.test(document.openapi) ? [] : [`it is of OpenAPI ${document.openapi}, not 3.1`]),
    ...referencesIn(document).flatMap(ref => thrownBy(() => schemaAt(document, ref))),
    ...Object.keys(document.components.schemas).flatMap(name =>
      thrownBy(() => ajv.compile({ $ref: `openapi#/components/schemas/${name}` })),
    ),
    ...twice(operations.map(({ operationId }) => operationId ?? 'none')).map(id => `two operations are called ${id}`),
    ...operations.flatMap(operation => [...parameterFaults(operation), ...answerFaults(operation)]),
    ...operations.flatMap(({ route, requestBody, responses }) => [
      ...exampleFaults(`${route} takes`, requestBody?.content ?? {}),
      ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
        exampleFaults(`${route} ${status}`, content),
      ),
    ]),
  ]

  function exampleFaults(where: string, content: Record<string, Content>): string[] {
    return Object.entries(content).flatMap(([type, { schema, examples = {} }]) =>
      Object.entries(examples).flatMap(([name, { value }]) => {
        if (schema === undefined) return [`${where}: the example ${name} is of ${type}, which has no schema`]
        // An inline schema's references are of the document.
        const text = JSON.stringify(schema).replaceAll('"#/', '"openapi#/')
        const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text))
        compiled.set(text, validate)
        return validate(value) ? [] : [`${where}: the example ${name} does not fit: ${ajv.errorsText(validate.errors)}`]
      }),
    )
  }
}

function parameterFaults({ route, path, parameters = [] }: Operation): string[] {
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const given = parameters.filter(one => one.in === 'path')
  return [
    ...named.filter(name => !given.some(one => one.name === name)).map(name => `${route}: {${name}} is not described`),
    ...given.filter(one => one.required !== true).map(one => `${route}: ${one.name} is in the path and not required`),
    ...twice(parameters.map(one => `${one.in} ${one.name}`)).map(name => `${route}: ${name} stands there twice`),
  ]
}

function answerFaults({ route, path, responses }: Operation): string[] {
  const statuses = Object.entries(responses)
  return [
    ...statuses.filter(([, { description }]) => !description).map(([status]) => `${route} ${status} says nothing`),
    ...(statuses.some(([status]) => status.startsWith('2')) ? [] : [`${route} has no good answer`]),
    // What is found without a token has no problems to tell.
    ...statuses
      .filter(([status, { content }]) => path.startsWith('/v1/') && Number(status) >= 400 && content === undefined)
      .map(([status]) => `${route} ${status} has no content`),
  ]
}

const referencesIn = (value: unknown): string[] => [
  ...new Set([...JSON.stringify(value).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref)),
]

const twice = (names: readonly string[]): string[] => names.filter((name, i) => names.indexOf(name) !== i)

function thrownBy(act: () => unknown): string[] {
  try {
    act()
    return []
  } catch (error) {
    return [String(error)]
  }
}
