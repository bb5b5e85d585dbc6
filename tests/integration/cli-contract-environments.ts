// The environments of the contract server: what a test says there is, and a making that moves on by one step each time it is asked for.

import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  Collection,
  Environment,
  EnvironmentDiff,
  EnvironmentHistory,
  EnvironmentMade,
  EnvironmentPage,
  EnvironmentRequest,
  Materialisation,
  Problem,
  SolveProgress,
} from '../../packages/contracts/src/index.ts'
import { makeLock, writeLock } from '../../packages/environment/src/index.ts'
import { materialisation as anyMaterialisation } from '../support/materialisations.ts'
import { type ContractServer, now } from './cli-contract-server.ts'

const made = makeLock({
  platform: 'linux-64',
  records: ['zlib-1.2.11-h7b6447c_3', 'python-3.6.9-h265db76_0'].map((name, at) => ({
    url: `https://channels.example.org/main/linux-64/${name}.tar.bz2`,
    md5: String(at).repeat(32),
    sha256: String(at).repeat(64),
    size: 120_000,
  })),
})
if (!made.ok) throw new Error(JSON.stringify(made.findings))
export const PINNED = made.value

export const environment = (over: Partial<Environment> = {}): Environment =>
  Environment.parse({
    id: PINNED.id,
    names: ['ml@1'],
    platform: 'linux-64',
    packages: 2,
    pipPackages: 0,
    requirements: ['CUDA 9.2 or newer (cudatoolkit)'],
    createdAt: now(),
    createdBy: 'tester',
    solvedFor: { cluster: 'local', partition: 'gpu' },
    snapshot: null,
    spec: 'channels: [main]\ndependencies: [python<3.7]\n',
    notes: [],
    on: [],
    ...over,
  })

export const materialisation = (over: Partial<Materialisation> = {}): Materialisation =>
  Materialisation.parse(anyMaterialisation({ lock: PINNED.id, state: 'wanted', wantedAt: now(), at: now(), ...over }))

export type Environments = ReturnType<typeof addEnvironments>

export function addEnvironments(server: ContractServer) {
  const state = {
    environments: [environment()],
    /** What the next questions for it on the cluster are answered with; the last stays. */
    making: [] as Materialisation[],
    log: Buffer.from(''),
    progress: [] as SolveProgress[],
    /** In place of an environment. */
    problem: null as Problem | null,
    collection: null as Collection | null,
    bundle: Buffer.alloc(0),
  }
  const json = (response: ServerResponse, status: number, value: unknown): true => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    return true
  }
  const absent = (response: ServerResponse, what: string): true => {
    const body = Problem.parse({
      type: 'http://trotline.test/guide/errors/environment-not-found',
      status: 404,
      code: 'environment-not-found',
      title: 'There is no such environment',
      detail: `There is no environment ${what}.`,
      instance: 'req-0001',
    })
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body))
    return true
  }
  const next = (): Materialisation | null => (state.making.length > 1 ? state.making.shift() : state.making[0]) ?? null

  server.routes.push((request, response, body) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const path = url.pathname.split('/').slice(1).map(decodeURIComponent)
    if (path[1] === 'clusters' && path[3] === 'environments') {
      const asked = JSON.parse(body) as { dryRun: boolean; unusedDays: number }
      return json(response, 200, Collection.parse({ ...state.collection, ...asked }))
    }
    if (path[1] !== 'environments') return false
    return answer(request, response, path.slice(2), url.searchParams, body)
  })

  function answer(
    request: IncomingMessage,
    response: ServerResponse,
    [reference, room, second, third]: string[],
    query: URLSearchParams,
    body: string,
  ): boolean {
    if (reference === undefined && request.method === 'POST') return create(response, body)
    if (reference === undefined)
      return json(response, 200, EnvironmentPage.parse({ items: state.environments, nextCursor: null }))
    if (reference === 'names') {
      const versions = [{ version: 1, lock: PINNED.id, at: now(), by: 'tester' }]
      return json(response, 200, EnvironmentHistory.parse({ name: room, owner: 'tester', versions }))
    }
    const found = state.environments.find(one => one.id.startsWith(reference) || one.names.includes(reference))
    if (found === undefined) return absent(response, reference)
    if (room === undefined) return json(response, 200, Environment.parse(found))
    if (room === 'lock') {
      const format = query.get('format') === 'explicit' ? 'explicit' : 'trotline'
      const { text, lacks } = writeLock(PINNED, format)
      response.writeHead(200, { 'content-type': 'text/plain', 'trotline-lock-lacks': JSON.stringify(lacks) }).end(text)
      return true
    }
    if (room === 'diff')
      return json(
        response,
        200,
        EnvironmentDiff.parse({ from: PINNED.id, to: PINNED.id, text: 'Nothing differs.', changes: [] }),
      )
    if (second !== 'local') return absent(response, `${reference} on ${second}`)
    if (third === 'log') return log(response, query)
    const one = next()
    if (one === null) return absent(response, `${reference} on ${second}`)
    return json(response, request.method === 'GET' ? 200 : 202, Materialisation.parse(one))
  }

  /** As the server does: events while it is solved, the environment or the problem last. */
  function create(response: ServerResponse, body: string): true {
    EnvironmentRequest.parse(JSON.parse(body))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const event = (name: string, value: unknown) => response.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`)
    response.write(': here\n\n')
    for (const progress of state.progress) event('progress', SolveProgress.parse(progress))
    if (state.problem !== null) event('problem', Problem.parse(state.problem))
    else {
      const made = { ...environment(), lock: PINNED.lock, created: true, compatibility: null }
      event('environment', EnvironmentMade.parse(made))
    }
    response.end()
    return true
  }

  function log(response: ServerResponse, query: URLSearchParams): true {
    const size = state.log.length
    const tail = query.get('tail')
    const offset = tail === null ? Math.min(size, Number(query.get('offset') ?? 0)) : Math.max(0, size - Number(tail))
    const bytes = state.log.subarray(offset, offset + Number(query.get('limit') ?? size))
    response
      .writeHead(200, {
        'content-type': 'text/plain',
        'trotline-offset': offset,
        'trotline-next-offset': offset + bytes.length,
        'trotline-size': size,
      })
      .end(bytes)
    return true
  }
  return state
}
