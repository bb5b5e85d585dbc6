// A server that speaks the REST contract and nothing else: what it answers is parsed by the contract's schemas first,
// so that the command line's tests cannot drift from what the orchestrator promises. Faults are ordered by the test.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  Cluster,
  ClusterPage,
  CompatibilityCheck,
  CompatibilityReport,
  type Epoch,
  EpochPage,
  epochsAskedFor,
  expandedOf,
  isTerminal,
  Job,
  JobEvent,
  JobPage,
  JobRequest,
  LogSearch,
  Problem,
  Readiness,
  SuggestAnswer,
  type Suggestion,
  SuggestRequest,
  summaryOf,
  type Verdict,
  Whoami,
  Why,
} from '../../packages/contracts/src/index.ts'

export const TOKEN = 'a-token-of-the-tests'

type Kept = { job: Job; events: JobEvent[]; epochs: Epoch[]; logs: Map<string, Buffer>; wake: Set<() => void> }
/** What happens to the next request that matches: answered by a problem, or the line is cut before or after the work. */
export type Fault = {
  match: string
  times: number
  answer?: { status: number; code: string; title: string; detail?: string; findings?: Problem['findings'] }
  cut?: 'before' | 'after'
}

export type ContractServer = Awaited<ReturnType<typeof startContractServer>>

export async function startContractServer() {
  const jobs = new Map<string, Kept>()
  /** What the test says there is. */
  const clusters: Cluster[] = []
  const byKey = new Map<string, { id: string; body: string }>()
  const faults: Fault[] = []
  const requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = []
  const streams = new Set<ServerResponse>()
  /** Further parts of the contract, each in a file of its own: true where it answered. */
  const routes: ((request: IncomingMessage, response: ServerResponse, body: string) => boolean)[] = []
  /** How the next checks are judged. */
  const judged: { verdict: Verdict } = { verdict: 'compatible' }
  let made = 0

  const send = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
  const problem = (response: ServerResponse, of: NonNullable<Fault['answer']>) =>
    response.writeHead(of.status, { 'content-type': 'application/problem+json' }).end(
      JSON.stringify(
        Problem.parse({
          type: `http://trotline.test/guide/errors/${of.code}`,
          instance: 'req-0001',
          ...of,
          detail: of.detail ?? '',
        }),
      ),
    )
  const kept = (id: string): Kept => {
    const found = jobs.get(id)
    if (found === undefined) throw new Error(`no job ${id} in the test`)
    return found
  }
  const put = (job: Job): Kept => {
    const parsed = Job.parse(job)
    const record = jobs.get(job.id) ?? { job: parsed, events: [], epochs: [], logs: new Map(), wake: new Set() }
    record.job = parsed
    jobs.set(job.id, record)
    return record
  }
  /** Changes the record and tells it, as the store does: in one step. */
  const tell = (id: string, event: JobEvent, change: Partial<Job> = {}) => {
    const record = kept(id)
    const parsed = JobEvent.parse(event)
    put({ ...record.job, revision: record.job.revision + 1, updatedAt: event.at, ...change })
    record.events.push(parsed)
    for (const wake of record.wake) wake()
  }
  const accept = (request: JobRequest): Job => {
    made += 1
    const job = newJob(`t${String(made).padStart(11, '0')}`, request)
    const record = put(job)
    record.events.push({
      type: 'state',
      at: job.createdAt,
      from: null,
      to: 'accepted',
      detail: 'stored',
      evidence: ['request'],
    })
    return job
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8')
      requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
      const line = `${request.method} ${request.url}`
      const fault = faults.find(one => one.times > 0 && line.startsWith(one.match))
      if (fault !== undefined) fault.times -= 1
      if (fault?.cut === 'before') return request.socket.destroy()
      if (fault?.answer !== undefined) return problem(response, fault.answer)
      if (request.url === '/readyz') return ready(response)
      if (request.headers.authorization !== `Bearer ${TOKEN}`) {
        return problem(response, {
          status: 401,
          code: 'unauthorized',
          title: 'The token is not known',
          detail: 'No token of this server matches.',
        })
      }
      if (fault?.cut === 'after') {
        const write = response.end.bind(response)
        response.end = (() => {
          request.socket.destroy()
          return write()
        }) as typeof response.end
      }
      answer(request, response, body)
    })
  })

  function answer(request: IncomingMessage, response: ServerResponse, body: string): unknown {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, , things, id, room] = url.pathname.split('/')
    if (routes.some(route => route(request, response, body))) return
    if (url.pathname === '/v1/whoami') return send(response, 200, whoami())
    if (things === 'stream')
      return problem(response, { status: 404, code: 'not-found', title: 'There is no such route' })
    if (things === 'clusters') return clusterAnswer(response, id, room)
    const key = request.headers['idempotency-key']
    if (url.pathname === '/v1/compatibility/check') return send(response, 200, checked(body, judged.verdict))
    if (url.pathname === '/v1/compatibility/suggest') return send(response, 200, suggested(body))
    const absent = () =>
      problem(response, { status: 404, code: 'no-such-job', title: 'There is no such job', detail: `No job ${id}.` })
    if (id === undefined) {
      if (request.method === 'GET') return list(url, response)
      return create(url, response, body, String(key))
    }
    const record = jobs.get(id)
    if (record === undefined) return absent()
    if (room === undefined && request.method === 'GET') return send(response, 200, Job.parse(record.job))
    if (room === undefined) {
      if (isTerminal(record.job.state)) {
        return problem(response, {
          status: 409,
          code: 'job-ended',
          title: 'The job has ended',
          detail: `It is ${record.job.state}.`,
        })
      }
      tell(id, { type: 'cancel-requested', at: now(), by: 'tester' }, { cancelRequestedAt: now() })
      return send(response, 202, Job.parse(kept(id).job))
    }
    if (room === 'release') {
      if (record.job.hold === null) {
        return problem(response, { status: 409, code: 'job-not-held', title: 'The job is not held', detail: '' })
      }
      tell(id, { type: 'released', at: now(), by: 'tester' }, { hold: null })
      return send(response, 202, Job.parse(kept(id).job))
    }
    if (room === 'why') return send(response, 200, Why.parse(whyOf(record.job)))
    if (room === 'script') return response.setHeader('content-type', 'text/plain').end('#!/bin/bash\nexec worker\n')
    if (room === 'epochs') {
      const after = Number(url.searchParams.get('after') ?? -1)
      const limit = Number(url.searchParams.get('limit') ?? 1000)
      const rest = record.epochs.filter(epoch => epoch.epoch > after)
      const items = rest.slice(0, limit)
      const next = rest.length > limit ? (items.at(-1)?.epoch ?? null) : null
      return send(response, 200, EpochPage.parse({ items, next }))
    }
    if (room === 'logs') return logs(url, record, response)
    if (room === 'events') return events(request, record, response)
    absent()
  }

  function ready(response: ServerResponse): void {
    const check = { name: 'store', ok: true, code: 'ok', detail: 'Redis answers and keeps what it acknowledges' }
    send(response, 200, Readiness.parse({ ready: true, checks: [check] }))
  }

  const whoami = (): Whoami =>
    Whoami.parse({ owner: { id: 'tester', name: 'Test Er' }, role: 'user', identity: 'default', version: '0.1.0' })

  function clusterAnswer(response: ServerResponse, name: string | undefined, room: string | undefined): unknown {
    if (name === undefined) {
      const items = clusters.map(({ name, health, paused, facts, jobs: counts }) => ({
        name,
        ok: health.ok,
        code: health.code,
        paused: paused !== null,
        slurmVersion: facts?.slurmVersion ?? null,
        partitions: facts?.partitions.map(partition => partition.name) ?? [],
        jobs: counts,
      }))
      return send(response, 200, ClusterPage.parse({ items, nextCursor: null }))
    }
    const found = clusters.find(cluster => cluster.name === name)
    if (found === undefined)
      return problem(response, { status: 404, code: 'cluster-not-found', title: 'There is no such cluster' })
    send(response, room === 'probe' ? 202 : 200, Cluster.parse(found))
  }

  function whyOf({ state }: Job): Why {
    const meaning = 'Other jobs of this partition have a higher priority and are served first.'
    return {
      state,
      summary: `It waits in Slurm (Priority): ${meaning} 3 jobs stand before it.`,
      details: ['Submission 1, as it was asked for.', '  a line of its log,   set in'],
      evidence: [{ source: 'squeue', at: now(), line: '17 PENDING Priority' }],
      action: 'Wait, or ask for less.',
      pending: { reason: 'Priority', meaning, jobsAhead: 3, expectedStart: null, askedAt: now() },
    }
  }

  function list(url: URL, response: ServerResponse): void {
    const { searchParams: query } = url
    const all = [...jobs.values()]
      .map(one => one.job)
      .reverse()
      .filter(job => (query.get('state') ?? job.state) === job.state && (query.get('name') ?? job.name) === job.name)
      .filter(job => (query.get('owner') ?? job.owner.id) === job.owner.id)
      .filter(job => query.get('held') === null || job.hold !== null)
      .filter(job => Date.parse(job.createdAt) >= Date.parse(query.get('since') ?? job.createdAt))
      .filter(job => query.getAll('label').every(label => labelsOf(job).includes(label)))
    const from = Number(query.get('cursor') ?? 0)
    const limit = Number(query.get('limit') ?? 50)
    const items = all.slice(from, from + limit).map(summaryOf)
    const nextCursor = from + limit < all.length ? String(from + limit) : null
    send(response, 200, JobPage.parse({ items, nextCursor }))
  }

  function create(url: URL, response: ServerResponse, body: string, key: string): unknown {
    const parsed = JobRequest.safeParse(JSON.parse(body))
    if (!parsed.success) {
      const findings = parsed.error.issues.flatMap(issue =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map(name => ({
              pointer: `#/${[...issue.path, name].join('/')}`,
              detail: `"${name}" is not a field of ${issue.path.join('.') || 'a request'}.`,
              hint: name === 'timeLimitMinute' ? 'Did you mean timeLimitMinutes?' : 'Leave it out.',
            }))
          : [{ pointer: `#/${issue.path.join('/')}`, detail: issue.message }],
      )
      const title = 'The request cannot be read'
      return problem(response, { status: 400, code: 'bad-request', title, detail: '', findings })
    }
    if (url.searchParams.get('dryRun') === 'true') {
      const { compatibility } = newJob('t00000000000', parsed.data)
      return send(response, 200, {
        request: parsed.data,
        expanded: expandedOf(parsed.data),
        compatibility,
        notes: ['Others go first.'],
        script: '#!/bin/bash\nexec worker\n',
      })
    }
    const known = byKey.get(key)
    if (known !== undefined && known.body !== body) {
      return problem(response, { status: 409, code: 'key-reused', title: 'The key belongs to another request' })
    }
    const id = known?.id ?? accept(parsed.data).id
    byKey.set(key, { id, body })
    send(response, 202, Job.parse(kept(id).job), { location: `/v1/jobs/${id}` })
  }

  function logs(url: URL, record: Kept, response: ServerResponse): unknown {
    const query = url.searchParams
    const attempt = Number(query.get('attempt') ?? record.job.runs.at(-1)?.attempt ?? 0)
    const run = record.job.runs.find(one => one.attempt === attempt)?.run ?? null
    const file = record.logs.get(`${run}:${query.get('stream') ?? 'stdout'}`) ?? Buffer.alloc(0)
    const grep = query.get('grep')
    if (grep !== null) return send(response, 200, searched(file, grep, query, attempt))
    const tail = query.get('tail')
    const offset =
      tail === null ? Math.min(Number(query.get('offset') ?? 0), file.length) : Math.max(0, file.length - Number(tail))
    const bytes = file.subarray(offset, offset + Number(query.get('limit') ?? 1_048_576))
    return response
      .writeHead(200, {
        'content-type': 'text/plain; charset=utf-8',
        'trotline-offset': String(offset),
        'trotline-next-offset': String(offset + bytes.length),
        'trotline-size': String(file.length),
        'trotline-run': run ?? '',
      })
      .end(bytes)
  }

  function events(request: IncomingMessage, record: Kept, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(': here\n\n')
    streams.add(response)
    let sent = Number(request.headers['last-event-id'] ?? 0)
    const flush = () => {
      while (sent < record.events.length) {
        const event = JobEvent.parse(record.events[sent])
        sent += 1
        response.write(`id: ${sent}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
        if (event.type === 'state' && isTerminal(event.to)) return response.end()
      }
    }
    record.wake.add(flush)
    response.on('close', () => {
      record.wake.delete(flush)
      streams.delete(response)
    })
    flush()
  }

  // The client closes what is idle. A server that does, too, may close a connection in the moment in which a request is written to it.
  server.keepAliveTimeout = 0
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    judged,
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    faults,
    accept,
    put,
    tell,
    kept,
    jobs,
    clusters,
    routes,
    /** Epochs first … last of an attempt, in one report. */
    report: (id: string, epochs: Epoch[]) => {
      const record = kept(id)
      const [first, last] = [epochs[0], epochs.at(-1)]
      if (first === undefined || last === undefined) return
      record.epochs = [...record.epochs.filter(old => old.epoch < first.epoch), ...epochs]
      const progress = { ...record.job.progress, epochs: record.epochs.length, last }
      const total = record.epochs.length
      tell(id, { type: 'epochs', at: now(), first: first.epoch, last, count: epochs.length, total }, { progress })
    },
    log: (id: string, run: string, text: string | Buffer, stream = 'stdout') => {
      const record = kept(id)
      const old = record.logs.get(`${run}:${stream}`) ?? Buffer.alloc(0)
      record.logs.set(`${run}:${stream}`, Buffer.concat([old, Buffer.from(text)]))
    },
    /** Cuts every open event stream, as a restart of the server or a proxy does. */
    cutStreams: () => {
      for (const response of streams) response.socket?.destroy()
    },
    openStreams: () => streams.size,
    /** Stops listening and cuts everything. */
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

function searched(file: Buffer, grep: string, query: URLSearchParams, attempt: number): LogSearch {
  const pattern = query.get('regex') === 'true' ? grep : grep.replace(/[^\w]/g, '\\$&')
  const sought = new RegExp(pattern, query.get('ignoreCase') === 'true' ? 'i' : '')
  let at = 0
  const lines = file
    .toString('utf8')
    .split('\n')
    .map(text => {
      const offset = at
      at += Buffer.byteLength(text) + 1
      return { offset, column: null, text, cut: false }
    })
  const matches = lines.filter(({ text }) => sought.test(text))
  const shown = matches.slice(0, Number(query.get('limit') ?? 500))
  const { length: count } = matches
  return LogSearch.parse({
    attempt,
    matches: shown,
    count,
    bytes: file.length,
    seconds: 0.1,
    complete: true,
    stopped: null,
  })
}

const labelsOf = ({ request }: Job): string[] => Object.entries(request.labels).map(([key, value]) => `${key}=${value}`)

/** @throws where the question is not one of the contract */
function checked(body: string, verdict: Verdict): CompatibilityReport {
  const { driver = null, gpu = null } = CompatibilityCheck.parse(JSON.parse(body))
  return CompatibilityReport.parse({
    verdict,
    rule: 'driver-too-old',
    detail: 'CUDA 12.1 needs driver 525.60.13.',
    findings: [],
    understood: { driver, gpu, computeCapability: null, cuda: null, cudnn: null },
    nearest: verdict === 'incompatible' ? [SUGGESTION] : [],
  } satisfies CompatibilityReport)
}

function suggested(body: string): SuggestAnswer {
  const { frameworks = ['pytorch'], driver } = SuggestRequest.parse(JSON.parse(body))
  const newest = frameworks.map(framework => ({ framework, newest: [SUGGESTION], detail: '' }))
  return SuggestAnswer.parse({ hardware: { driver }, frameworks: newest })
}

const SUGGESTION: Suggestion = {
  software: { framework: 'pytorch', frameworkVersion: '1.3.1' },
  partition: null,
  verdict: 'compatible',
  changes: [],
  detail: 'The newest with a build for CUDA 9.2.',
  install: 'pytorch::pytorch=1.3.1=*cuda9.2*',
  warnings: [],
}

export const now = (): string => new Date().toISOString()

export const REQUEST: JobRequest = JobRequest.parse({
  name: 'auto-mpg',
  cluster: 'local',
  resources: { partition: 'shared', cpus: 2, memoryMiB: 4096, timeLimitMinutes: 30 },
  training: { kind: 'preset', preset: 'auto-mpg', epochs: 20, seed: 0 },
})

export function newJob(id: string, request: JobRequest): Job {
  const at = now()
  return Job.parse({
    id,
    revision: 1,
    name: request.name,
    owner: { id: 'tester', name: 'Test Er' },
    identity: { name: 'default', unixUser: 'tester' },
    cluster: request.cluster,
    state: 'accepted',
    request,
    expanded: expandedOf(request),
    createdAt: at,
    updatedAt: at,
    endedAt: null,
    compatibility: { verdict: 'compatible', rule: 'no-gpu', detail: 'It uses no GPU.', findings: [], facts: null },
    submission: 0,
    submissions: [],
    slurm: null,
    runs: [],
    progress: {
      epochs: 0,
      of: epochsAskedFor(request),
      superseded: 0,
      last: null,
    },
    trying: null,
    hold: null,
    cancelRequestedAt: null,
    failure: null,
    result: null,
    environment: null,
    data: [],
    rerunOf: null,
    worker: null,
    notes: [],
  } satisfies Job)
}

export const epochAt = (epoch: number, loss: number, { attempt = 1, at = now() } = {}): Epoch => ({
  epoch,
  at,
  seconds: 0.1,
  values: { loss, val_loss: loss * 1.2 },
  run: `1-${attempt - 1}`,
  attempt,
})
