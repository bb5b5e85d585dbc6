// What each route may answer besides what was asked for, said once for the API's description: every code with its status, the one schema of
// all of them, and an example. What follows from a route's shape is concluded from it; the rest stands in the table.
import { withForms } from './answer-forms.ts'
import { PROBLEMS, type ProblemCode } from './problems.ts'
import { REQUEST_EXAMPLES } from './request-examples.ts'

interface Operation {
  operationId?: string
  parameters?: { in: string; name: string }[]
  requestBody?: { content?: Record<string, { examples?: unknown }> }
  responses?: Record<string, unknown>
}
export interface Described {
  paths?: Record<string, unknown>
}

const SOLVING = [
  'environment-refused',
  'environment-impossible',
  'snapshot-gone',
  'solver-failed',
  'channel-unusable',
  'channel-unreachable',
  'solver-busy',
  'solve-cancelled',
  'solve-limit',
  'storage-full',
] as const satisfies readonly ProblemCode[]

const CREATING = [
  'request-refused',
  'incompatible',
  'compatibility-unknown',
  'environment-not-found',
  'cluster-unreachable',
  ...SOLVING,
] as const satisfies readonly ProblemCode[]

const OF_ROUTES: Readonly<Record<string, readonly ProblemCode[]>> = {
  'post /v1/jobs': CREATING,
  'get /v1/jobs': ['forbidden'],
  'get /v1/jobs/counts': ['forbidden'],
  'delete /v1/jobs/{id}': ['job-ended', 'job-not-held', 'forbidden', 'cluster-unreachable'],
  'post /v1/jobs/{id}/release': ['job-not-held'],
  'get /v1/jobs/{id}/script': ['script-not-rendered'],
  'get /v1/jobs/{id}/events': ['too-many-streams'],
  'get /v1/jobs/{id}/epochs': ['too-many-streams'],
  'get /v1/jobs/{id}/logs': ['attempt-not-found', 'too-many-streams', 'cluster-unreachable', 'busy'],
  'get /v1/jobs/{id}/artifacts/{path}': ['artifact-not-found', 'cluster-unreachable'],
  'get /v1/jobs/{id}/why': ['cluster-unreachable'],
  'get /v1/jobs/{id}/bundle': ['environment-not-found'],
  'post /v1/jobs/{id}/rerun': ['not-reproducible', ...CREATING],
  'post /v1/reruns': ['not-reproducible', ...CREATING],
  'get /v1/stream': ['too-many-streams'],
  'post /v1/clusters/{name}/pause': ['forbidden'],
  'post /v1/clusters/{name}/resume': ['forbidden'],
  'post /v1/clusters/{name}/probe': ['forbidden', 'request-refused', 'cluster-unreachable'],
  'post /v1/clusters/{name}/environments/collect': ['forbidden'],
  'post /v1/webhooks': ['forbidden', 'request-refused', 'job-not-found', 'webhook-not-found'],
  'post /v1/webhooks/{id}/test': ['request-refused'],
  'post /v1/compatibility/check': ['request-refused', 'cluster-unreachable'],
  'post /v1/compatibility/suggest': ['request-refused', 'cluster-unreachable'],
  'get /v1/environments': ['environment-not-found'],
  'post /v1/environments': ['forbidden', 'request-refused', 'cluster-unreachable', 'too-many-streams', ...SOLVING],
  'post /v1/environments/{id}/clusters/{cluster}': ['forbidden', 'request-refused'],
  'get /v1/environments/{id}/clusters/{cluster}': ['environment-not-made'],
  'delete /v1/environments/{id}/clusters/{cluster}': ['forbidden', 'environment-not-made', 'environment-in-use'],
  'post /v1/environments/{id}/clusters/{cluster}/verify': ['forbidden', 'environment-not-made'],
  'get /v1/environments/{id}/clusters/{cluster}/log': [
    'environment-not-made',
    'cluster-unreachable',
    'too-many-streams',
  ],
}

/** In the order of their statuses. */
export function problemsOf(method: string, path: string, operation: Operation): ProblemCode[] {
  const takes = (where: string): boolean => operation.parameters?.some(parameter => parameter.in === where) ?? false
  const codes = new Set<ProblemCode>([
    // A parameter that is not there is refused by its name, also where there is none to give.
    'invalid-request',
    'unauthorized',
    ...(path.startsWith('/v1/jobs/{id}') ? (['job-not-found'] as const) : []),
    ...(path.startsWith('/v1/webhooks/{id}') ? (['webhook-not-found'] as const) : []),
    ...(path.startsWith('/v1/environments/') ? (['environment-not-found'] as const) : []),
    ...(path.includes('/clusters/{') ? (['cluster-not-found'] as const) : []),
    ...(method === 'post' && takes('header') ? (['idempotency-key-reused'] as const) : []),
    // A body is read, and refused, also where none is wanted.
    ...(method === 'get' ? [] : (['body-too-large', 'unsupported-media-type'] as const)),
    ...(OF_ROUTES[`${method} ${path}`] ?? []),
    'store-unreachable',
    'internal',
  ])
  return [...codes].toSorted((a, b) => PROBLEMS[a].status - PROBLEMS[b].status)
}

/** Adds them to every route that wants a token, examples to what it is sent, and to every route a name. */
export function describeRoutes<Document extends Described>(document: Document): Document {
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      operation.operationId = operationIdOf(method, path)
      if (!path.startsWith('/v1/')) continue
      operation.responses = withForms(`${method} ${path}`, operation.responses ?? {})
      const codes = problemsOf(method, path, operation)
      for (const status of new Set(codes.map(code => PROBLEMS[code].status))) {
        const response = responseOf(codes.filter(code => PROBLEMS[code].status === status))
        operation.responses = { ...operation.responses, [status]: response }
      }
      const examples = REQUEST_EXAMPLES[`${method} ${path}`]
      const body = operation.requestBody?.content?.['application/json']
      if (body && examples)
        body.examples = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]))
    }
  }
  return document
}

/** `getJobsByIdLogs`: what generators of clients name their functions by. */
function operationIdOf(method: string, path: string): string {
  const words =
    path
      .replace(/^\/v1/, '')
      .replaceAll('{', 'by-')
      .match(/[A-Za-z]+/g) ?? []
  return method + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

const responseOf = (codes: readonly ProblemCode[]) => ({
  description: codes.map(code => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
  content: {
    'application/problem+json': {
      schema: { $ref: '#/components/schemas/Problem' },
      examples: Object.fromEntries(codes.map(code => [code, { value: exampleOf(code) }])),
    },
  },
})

const exampleOf = (code: ProblemCode) => {
  const { status, title } = PROBLEMS[code]
  const type = `https://trotline.example.org/guide/errors/${code}`
  return { type, status, code, title, detail: `${title}.`, instance: '1f0c7a52-9e1b' }
}
