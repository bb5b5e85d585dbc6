// Holds an answer against the document: its status and its code are told there, its content is of the type and the schema told there, and
// nothing of the machine shows in it.
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { PROBLEMS, type ProblemCode } from '../../apps/orchestrator/src/http/problems.ts'
import { type OpenApi, type Operation, operationAt, pathOf } from './document.ts'
import type { Sent } from './request.ts'
import type { Received } from './send.ts'

/** A sentence that names the fault; the same fault has the same sentence. */
export type Misfit = string

export interface Checker {
  /** Empty: it is as the document says. */
  misfits(sent: Sent, received: Received): Misfit[]
}

/** Said on purpose, by name, with when to ask again. */
const DELIBERATE = new Set<string>([
  'busy',
  'channel-unreachable',
  'cluster-unreachable',
  'solver-busy',
  'solve-cancelled',
  // A loaded disk is slow; verdict.ts says how often that may be.
  'store-unreachable',
] satisfies ProblemCode[])

const ROOT = join(import.meta.dirname, '../..')
const SECRETS: readonly [what: string, pattern: RegExp][] = [
  ['a stack trace', /\n\s+at .+:\d+:\d+|\bat \w[\w.<> ]* \(.+:\d+:\d+\)/],
  ['a path of the sources', new RegExp(`${ROOT}|node_modules|file://|apps/orchestrator/src`)],
  ['an address of the store', /redis:\/\/|ECONNREFUSED/],
  ['a token', /token-of-(?:ada|bob|staff)/],
  ['a signing key', /k{43}/],
  ['a polluted prototype', /"polluted":true/],
]

const PROBLEM_TYPE = 'application/problem+json'

/** Of the answer that it would have been. */
const NOT_OF_PROBLEMS = ['etag', 'content-range', 'content-disposition']

/** Whatever was sent, where it leads is known before any route is. */
const OF_NO_ROUTE = new Set<string>([
  'not-found',
  'invalid-request',
  'unauthorized',
  'unsupported-media-type',
  'body-too-large',
] satisfies ProblemCode[])

export function createChecker(document: OpenApi, operations: readonly Operation[]): Checker {
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true })
  addFormats.default(ajv)
  ajv.addFormat('base64', /^[A-Za-z0-9+/]*={0,2}$/)
  ajv.addSchema(document, 'openapi')
  const compiled = new Map<string, ValidateFunction>()
  const validatorAt = (path: readonly string[]): ValidateFunction => {
    const pointer = path.map(part => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `openapi#/${pointer}` })
    compiled.set(pointer, validate)
    return validate
  }
  const told = ({ errors }: ValidateFunction): string => {
    const [error] = errors ?? []
    return `${error?.instancePath.replace(/\/\d+/g, '/*') || '/'} ${error?.message} ${error?.schemaPath.replace(/^.*#/, '#')}`
  }

  return {
    misfits(sent, received) {
      const operation = operationAt(operations, sent.method, sent.target)
      const where = operation?.route ?? 'what is not described'
      const { status, headers, body } = received
      const text = body.toString()
      const type = (headers['content-type'] ?? '').split(';')[0] ?? ''
      const misfits: Misfit[] = []
      const misfit = (what: string): void => void misfits.push(`${where} answers ${status}: ${what}`)

      if (headers['trotline-request-id'] === undefined) misfit('it has no request id')
      if (body.length > 0 && headers['x-content-type-options'] !== 'nosniff') misfit('browsers may guess its type')
      for (const [what, pattern] of SECRETS)
        if (pattern.test(text) && !pattern.test(`${sent.target} ${sent.body}`)) misfit(`it shows ${what}`)

      const described = operation?.responses[status]
      const asDescribed = status < 400 || (type !== PROBLEM_TYPE && described?.content?.[type] !== undefined)
      if (!asDescribed) misfits.push(...problemMisfits(operation, sent, received, text, type))
      else if (status >= 500 && status !== 503) misfit('no such answer is ever right')
      else if (operation === null) {
        if (pathOf(sent.target).startsWith('/v1/')) misfit(`${sent.method} is answered where nothing is described`)
      } else {
        if (described === undefined) misfit('the document knows no such answer')
        else if (sent.method !== 'HEAD' && status !== 304 && status !== 204) {
          const content = described.content ?? {}
          const place = ['responses', String(status), 'content', type, 'schema']
          if (content[type] === undefined && content['*/*'] === undefined)
            misfit(`the document does not say that it may be ${type || 'without a type'}`)
          else if (type === 'application/json' && content[type]?.schema !== undefined) {
            const valid = validatorAt(['paths', operation.path, operation.method, ...place])
            if (!valid(parsed(text))) misfit(`it does not fit its schema: ${told(valid)}`)
          }
        }
        if (status < 400) misfits.push(...requestMisfits(operation, sent, status))
      }
      if (received.streamed && !/^(?:(?:(?:id|event|data|retry): .*|:.*)\n|\n)*[^\n]*$/.test(text))
        misfit('its events are not of the form of events')
      return misfits
    },
  }

  /** Whoever reads the document must not take for refused what is taken. */
  function requestMisfits(operation: Operation, { body, headers }: Sent, status: number): Misfit[] {
    if (body === null || operation.requestBody?.content['application/json']?.schema === undefined) return []
    if (!headers['content-type']?.toLowerCase().startsWith('application/json')) return []
    const place = ['requestBody', 'content', 'application/json', 'schema']
    const valid = validatorAt(['paths', operation.path, operation.method, ...place])
    if (valid(parsed(body))) return []
    return [`${operation.route} answers ${status}: its body does not fit the schema of requests: ${told(valid)}`]
  }

  function problemMisfits(
    operation: Operation | null,
    { method }: Sent,
    { status, headers, body }: Received,
    text: string,
    type: string,
  ): Misfit[] {
    const where = operation?.route ?? 'what is not described'
    const misfits: Misfit[] = []
    const misfit = (what: string): void => void misfits.push(`${where} answers ${status}: ${what}`)
    if (type !== PROBLEM_TYPE) misfit(`it is ${type || 'without a type'}, no problem document`)
    if (method === 'HEAD' && body.length === 0) return misfits
    const problem = parsed(text) as {
      code?: ProblemCode
      status?: number
      type?: string
      instance?: string
      detail?: string
    }
    const valid = validatorAt(['components', 'schemas', 'Problem'])
    if (!valid(problem)) return [...misfits, `${where} answers ${status}: it is not a problem: ${told(valid)}`]
    const code = problem.code ?? 'internal'
    if (!Object.hasOwn(PROBLEMS, code)) return [...misfits, `${where} answers ${status}: the catalogue has no ${code}`]
    if (PROBLEMS[code].status !== status || problem.status !== status) misfit(`${code} is of another status`)
    if (!problem.type?.endsWith(`/guide/errors/${code}`)) misfit(`the type of ${code} does not lead to the guide`)
    if (problem.instance !== headers['trotline-request-id']) misfit(`the instance of ${code} is not the request`)
    const codes = Object.keys(operation?.responses[status]?.content?.['application/problem+json']?.examples ?? {})
    const ofAPerson = operation?.path.startsWith('/v1/') === true
    if (ofAPerson && !codes.includes(code) && code !== 'not-found') misfit(`the document does not tell of ${code}`)
    if (headers['cache-control'] !== 'no-store') misfit(`${code} may be kept`)
    for (const name of NOT_OF_PROBLEMS) if (headers[name] !== undefined) misfit(`${code} has ${name}`)
    if (!ofAPerson && !OF_NO_ROUTE.has(code)) misfit(`${code} at an address that is none`)
    if (status >= 500) {
      if (!DELIBERATE.has(code)) misfit(`${code}: ${problem.detail}`)
      else if (headers['retry-after'] === undefined) misfit(`${code} does not say when to ask again`)
    }
    return misfits
  }
}

/** What is no JSON fits no schema. */
function parsed(text: string): unknown {
  try {
    // As the server reads it: a byte order mark says nothing.
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
}
