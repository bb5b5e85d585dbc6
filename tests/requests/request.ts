// A request as it is sent, and the arbitrary of them: an operation of the document with parameters and a body that fit, and in half of them
// one or two faults. What is there already, such as jobs, is named by its place in a pool (`~job.7~`), so that a seed means the same requests
// whatever ids a run's jobs have.
import fc from 'fast-check'
import { decoded, type OpenApi, type Operation, type Parameter, pathOf } from './document.ts'
import { type Fault, faults } from './faults.ts'
import { createValues, type Named } from './from-schema.ts'

export interface Sent {
  /** Of the operation that it was made from; faults may lead it elsewhere. */
  route: string
  method: string
  /** Path and query, as they stand in the request's first line. */
  target: string
  headers: Readonly<Record<string, string>>
  body: string | null
  /** Its body is announced longer than it is, and the connection ends. */
  breaksOff: boolean
}

export interface Draft extends Sent {
  query: [name: string, value: string][]
  headers: Record<string, string>
}

/** What requests may name: texts by kind. */
export type Pools = Readonly<Record<string, readonly string[]>>

export const TOKEN_NAMES = ['ada', 'bob', 'staff'] as const

const POOLED = /~([a-z]+)\.(\d+)~/g

/** Puts in what the pools hold. */
export function resolved(sent: Sent, pools: Pools): Sent {
  const put = (text: string): string =>
    text.replace(POOLED, (_, kind: string, n: string) => {
      const pool = pools[kind] ?? []
      return pool[Number(n) % Math.max(1, pool.length)] ?? 'none'
    })
  return {
    ...sent,
    target: put(sent.target),
    headers: Object.fromEntries(Object.entries(sent.headers).map(([name, value]) => [name, put(value)])),
    body: sent.body === null ? null : put(sent.body),
  }
}

const pooled = (kind: string): fc.Arbitrary<string> => fc.nat({ max: 999 }).map(n => `~${kind}.${n}~`)
const CLUSTERS = fc.oneof({ weight: 12, arbitrary: fc.constant('local') }, fc.constantFrom('paused', 'nowhere'))
const PARTITIONS = fc.constantFrom('shared', 'gpu', 'gpuk80', 'nowhere')
const ENVIRONMENTS = fc.oneof(pooled('lock'), pooled('environment'))

/** What a field of this name usually holds, in bodies and queries. */
const FIELDS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  cluster: CLUSTERS,
  partition: PARTITIONS,
  afterJobs: pooled('job'),
  owner: fc.constantFrom('ada', 'bob', 'staff'),
  cursor: pooled('cursor'),
  environment: ENVIRONMENTS,
  lock: ENVIRONMENTS,
  label: fc.constantFrom('team=vision', 'project=mpg', 'team=nobody'),
  topic: fc.oneof(
    fc.constantFrom('jobs', 'clusters'),
    pooled('job').map(id => `job:${id}`),
    fc.tuple(pooled('job'), fc.constantFrom('stdout', 'stderr')).map(([id, stream]) => `log:${id}:${stream}`),
  ),
  grep: fc.constantFrom('loss', 'epoch 1', '.', '[', '(a+)+$', '-e'),
}

const named: Named = (field, { type }) => (type === 'string' || type === undefined ? (FIELDS[field] ?? null) : null)

const pathOfArtifact = (name: string): fc.Arbitrary<string> =>
  name === 'id' ? pooled('completed') : fc.constantFrom('model.json', 'weights.bin', 'lost.bin', 'sub/none.bin')

/** What stands between the slashes: by the parameter's name and the collection before it. */
function pathValues({ path }: Operation, { name }: Parameter): fc.Arbitrary<string> {
  const collection = path.split(`/{${name}}`)[0]?.split('/').at(-1)
  if (collection === 'clusters') return CLUSTERS
  if (path.includes('/artifacts/{')) return pathOfArtifact(name)
  if (collection === 'jobs') return pooled('job')
  if (collection === 'names') return pooled('name')
  return collection === 'environments' || collection === 'diff' ? ENVIRONMENTS : pooled(collection ?? name)
}

/** The document does not say which of them answer so, but most clients ask so. */
const ACCEPTS = fc.constantFrom('application/json', 'text/event-stream', '*/*', 'text/plain')

function headerValues({ name, schema }: Parameter, values: (schema: Parameter['schema']) => fc.Arbitrary<unknown>) {
  if (name === 'accept') return ACCEPTS
  if (name === 'idempotency-key') return fc.nat({ max: 40 }).map(n => `key-${n}`)
  if (name === 'range')
    return fc.constantFrom('bytes=0-9', 'bytes=-5', 'bytes=3-', 'bytes=999999999-', 'bytes=5-2', 'lines=1')
  if (name === 'if-none-match' || name === 'if-range')
    return fc.oneof(pooled('etag'), fc.constant('*'), fc.constant('"none"'))
  return values(schema).map(String)
}

/** @param bodies by route: bodies that lead deep, which no schema alone would lead to */
export function requests(
  document: OpenApi,
  operations: readonly Operation[],
  bodies: Readonly<Record<string, readonly unknown[]>>,
): fc.Arbitrary<Draft> {
  const values = createValues(document, named)
  // Submissions have most in them.
  const weighted = operations.map(one => ({
    weight: one.route === 'post /v1/jobs' ? 8 : 1,
    arbitrary: requestsOf(one),
  }))
  return fc.oneof(...weighted)

  function requestsOf(operation: Operation): fc.Arbitrary<Draft> {
    const { parameters = [], requestBody, route, method, path } = operation
    const of = (where: Parameter['in']): Parameter[] => parameters.filter(parameter => parameter.in === where)
    const query = of('query')
    const content = requestBody?.content['application/json']
    const examples = [...Object.values(content?.examples ?? {}).map(({ value }) => value), ...(bodies[route] ?? [])]
    const body =
      content?.schema === undefined
        ? fc.constant<unknown>(undefined)
        : examples.length === 0
          ? values(content.schema)
          : fc.oneof(
              { weight: 3, arbitrary: values(content.schema) },
              { weight: 2, arbitrary: fc.constantFrom(...examples) },
            )
    return fc
      .record({
        who: fc.oneof({ weight: 12, arbitrary: fc.constantFrom('ada', 'staff') }, fc.constantFrom('bob', '', 'wrong')),
        segments: fc.record(Object.fromEntries(of('path').map(one => [one.name, pathValues(operation, one)]))),
        query: fc.record(Object.fromEntries(query.map(one => [one.name, given(one, values(one.schema, one.name))]))),
        headers: fc.record(Object.fromEntries(of('header').map(one => [one.name, headerValues(one, values)])), {
          requiredKeys: [],
        }),
        body: requestBody?.required === true ? body : fc.oneof({ weight: 4, arbitrary: body }, fc.constant(undefined)),
        faults: fc.oneof(
          { weight: 1, arbitrary: fc.constant<Fault[]>([]) },
          fc.array(faults, { minLength: 1, maxLength: 2 }),
        ),
      })
      .map(made => {
        const draft: Draft = {
          route,
          method: method.toUpperCase(),
          target: path.replace(/\{(\w+)\}/g, (_, name: string) => String(made.segments[name])),
          query: Object.entries(made.query).flatMap(([name, value]) =>
            (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((one): [string, string] => [
              name,
              encoded(String(one)),
            ]),
          ),
          headers: { ...(made.headers as Record<string, string>), ...authorization(made.who) },
          body: made.body === undefined ? null : JSON.stringify(made.body),
          breaksOff: false,
        }
        if (draft.body !== null) draft.headers['content-type'] = 'application/json'
        for (const fault of made.faults) fault(draft, made.body)
        return sendable(draft)
      })
  }
}

/** Most that need not be given are not: many exclude each other. */
const given = ({ required = false }: Parameter, value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  required ? value : fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })

const authorization = (who: string): Record<string, string> =>
  who === '' ? {} : { authorization: `Bearer token-of-${who}` }

/** A lone surrogate has no UTF-8. */
const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString())

/** Submissions in earnest are no part of this. */
function sendable(draft: Draft): Draft {
  const submits = draft.method === 'POST' && /^\/v1\/jobs\/?$/i.test(decoded(pathOf(draft.target)))
  if (submits && !draft.query.some(([name]) => name === 'dryRun')) draft.query.push(['dryRun', 'true'])
  const query = draft.query.map(
    ([name, value]) => `${name}=${submits && name === 'dryRun' && value === 'false' ? 'true' : value}`,
  )
  // What no HTTP client can put into a first line is sent encoded.
  const target = `${draft.target}${query.length === 0 ? '' : `?${query.join('&')}`}`.replace(/[^\x21-\x7e]/g, encoded)
  const headers = Object.entries(draft.headers).map(([name, value]) => [
    name,
    value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?'),
  ])
  return { ...draft, target, headers: Object.fromEntries(headers) }
}
