// The REST contract over a real Redis, with a cluster that cannot be reached: whatever is answered here comes from the store.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { DryRun, type Finding, Job, JobCounts, JobPage, ModelTraining, Problem, summaryOf } from '@trotline/contracts'
import type { z } from 'zod'
import { failure } from '../../apps/orchestrator/src/lifecycle/failures.ts'
import * as machine from '../../apps/orchestrator/src/lifecycle/machine.ts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { AT, epochsOf, later, request, requestBody } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

type Who = keyof typeof TOKENS
type Ask = { who?: Who | null; headers?: Record<string, string>; body?: unknown; text?: string }

const BODY_BYTES = 65_536

let rig: RedisRig
let store: Store
let address: string
before(async () => {
  rig = await createRedisRig()
  store = await rig.open()
  const app = await rig.serve(store, { bodyBytes: BODY_BYTES, listPage: 20 })
  address = await app.http.listen({ host: '127.0.0.1', port: 0 })
})
after(() => rig.close())

async function ask(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  { who = 'ada', headers = {}, body, text }: Ask = {},
) {
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body))
  const answer = await fetch(`${address}${url}`, {
    method,
    headers: {
      ...(who === null ? {} : { authorization: `Bearer ${TOKENS[who]}` }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: payload }),
  })
  const received = await answer.text()
  const found = Object.fromEntries(answer.headers)
  return { status: answer.status, headers: found, text: received, json: (): unknown => JSON.parse(received) }
}
type Answer = Awaited<ReturnType<typeof ask>>

function problem(answer: Answer, status: number, code: string): Finding[] {
  assert.equal(answer.status, status, answer.text)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  const body = Problem.parse(answer.json())
  assert.deepEqual([body.status, body.code, body.type], [status, code, `https://trotline.example/guide/errors/${code}`])
  assert.equal(body.instance, answer.headers['trotline-request-id'])
  return body.findings ?? []
}
const MODEL: z.input<typeof ModelTraining> = {
  kind: 'model',
  data: { format: 'csv', path: '/data/prices.csv', target: 'price' },
  model: {
    layers: [
      { kind: 'dense', units: 8, activation: 'relu' },
      { kind: 'dense', units: 1 },
    ],
  },
  optimizer: { kind: 'adam' },
  loss: 'mse',
  epochs: 7,
}

const pointers = (findings: readonly Finding[]): string[] => findings.map(finding => finding.pointer).toSorted()
function accepted(answer: Answer): Job {
  assert.equal(answer.status, 202, answer.text)
  return Job.parse(answer.json())
}
const submit = (options: Ask & { over?: Parameters<typeof requestBody> } = {}): Promise<Answer> =>
  ask('POST', '/v1/jobs', { body: requestBody(...(options.over ?? [])), ...options })

describe('a good request', () => {
  test('is stored, answered 202 with its address, and shown under it', async () => {
    const answer = await submit()
    const job = accepted(answer)
    assert.equal(answer.headers.location, `/v1/jobs/${job.id}`)
    assert.deepEqual([job.state, job.owner.id, job.identity.unixUser, job.revision], ['accepted', 'ada', 'ada', 1])
    assert.deepEqual(Job.parse((await ask('GET', `/v1/jobs/${job.id}`)).json()), job)
    assert.deepEqual(await store.jobs.due('local', Date.now(), 1_000).then(ids => ids.includes(job.id)), true)
  })

  test('shows the expanded form of what was asked', async () => {
    const job = accepted(await submit())
    assert.equal(job.request.resources.timeLimitMinutes, 60)
    assert.deepEqual(job.request.labels, {})
  })

  test('never shows its signing key', async () => {
    const job = accepted(await submit())
    const key = (await store.jobs.secret(job.id)) ?? assert.fail('it has no key')
    for (const path of ['', '/epochs']) assert.ok(!(await ask('GET', `/v1/jobs/${job.id}${path}`)).text.includes(key))
  })

  test('run dry is answered with its script, and nothing is stored', async () => {
    const kept = await store.kept()
    const answer = await submit({ headers: { 'idempotency-key': 'dry' } })
    accepted(answer)
    const before = await store.kept()
    assert.ok(before.length > kept.length)
    const dry = await ask('POST', '/v1/jobs?dryRun=true', { body: requestBody() })
    assert.equal(dry.status, 200)
    const { script, request, compatibility } = dry.json() as Record<string, unknown>
    assert.match(String(script), /^#!\/bin\/bash\n#SBATCH --job-name=tl-/)
    assert.deepEqual((request as { name: string }).name, 'auto-mpg')
    assert.deepEqual(compatibility, {
      verdict: 'compatible',
      rule: 'no-gpu',
      detail: 'It uses no GPU: no driver and no CUDA have to fit.',
      findings: [],
      facts: null,
    })
    assert.deepEqual(await store.kept(), before)
  })

  test('shows what its preset stands for, before and after it is sent', async () => {
    const training = { kind: 'preset', preset: 'fashion-mnist', seed: 5 } as const
    const dry = DryRun.parse(
      (await ask('POST', '/v1/jobs?dryRun=true', { body: requestBody({}, { training }) })).json(),
    )
    const job = accepted(await submit({ over: [{}, { training }] }))
    assert.equal(job.expanded?.data.format, 'idx')
    assert.deepEqual([job.expanded?.seed, job.expanded?.batchSize, job.expanded?.epochs], [5, 4, 2])
    assert.deepEqual(dry.expanded, job.expanded)
    assert.deepEqual(job.request.training, {
      ...training,
      epochs: 2,
      directory: '/usr/share/datasets/fashion-mnist',
      backend: 'auto',
    })
    assert.deepEqual(Job.parse((await ask('GET', `/v1/jobs/${job.id}`)).json()).expanded, job.expanded)
  })

  test('may be a model, whose epochs are counted like those of a preset', async () => {
    const job = accepted(await submit({ over: [{}, { training: MODEL }] }))
    assert.deepEqual([job.expanded, job.progress.of], [null, 7])
    assert.deepEqual(job.request.training, ModelTraining.parse(MODEL))
    await store.epochs.put(job.id, epochsOf('1-0', 0, 1))
    const shown = Job.parse((await ask('GET', `/v1/jobs/${job.id}`)).json())
    assert.deepEqual([shown.progress.epochs, shown.progress.of], [2, 7])
  })

  test('that is refused dry is refused with the same findings as in earnest', async () => {
    const body = requestBody({ partition: 'nowhere', nodes: 2 })
    const [dry, real] = [await ask('POST', '/v1/jobs?dryRun=true', { body }), await ask('POST', '/v1/jobs', { body })]
    assert.deepEqual(problem(dry, 422, 'request-refused'), problem(real, 422, 'request-refused'))
  })
})

describe('bad input stores nothing and is named', () => {
  const at = (pointer: string, value: unknown): unknown => {
    const body = structuredClone(requestBody()) as Record<string, unknown>
    const [first = '', second] = pointer.split('/').slice(1)
    if (second === undefined) body[first] = value
    else body[first] = { ...(body[first] as object), [second]: value }
    return body
  }
  const HOSTILE_NAMES = [
    'a\nb',
    "a'b",
    'a"b',
    '$(id)',
    '`id`',
    'a|b',
    'a;b',
    'naïve',
    '日本',
    '../../etc',
    '/etc',
    '-x',
    'a b',
    '',
    'x'.repeat(65),
    '\u0000',
  ]
  const FIELDS: [pointer: string, values: unknown[]][] = [
    ['/name', HOSTILE_NAMES],
    ['/cluster', HOSTILE_NAMES],
    ['/resources/partition', HOSTILE_NAMES],
    ['/resources/account', HOSTILE_NAMES],
    ['/resources/qos', HOSTILE_NAMES],
    ['/resources/reservation', HOSTILE_NAMES],
    ['/resources/gpuType', HOSTILE_NAMES],
    ['/resources/constraint', ['a b', 'a\n#SBATCH --uid=0', "a'", '$(id)', 'a;b', '', 'x'.repeat(129)]],
    ['/resources/licenses', ['a:b', 'a b', 'a\nb', '$(id)', ',', 'x'.repeat(129)]],
    ['/resources/cpus', [0, -1, 1.5, 1e9, '1', null, {}]],
    ['/resources/gpus', [-1, 65, 0.5, '1']],
    ['/resources/memoryMiB', [-4096, 0, 1e12, '4G']],
    ['/resources/timeLimitMinutes', [0, -5, 1e9, '1:00:00']],
    ['/resources/nodes', [0, -1, 100_000]],
    ['/resources/beginAt', ['tomorrow', '2030-01-01', '2030-13-01T00:00:00Z', 1]],
    ['/resources/hold', ['yes', 1]],
    ['/training/epochs', [0, -1, 1e9, '10']],
    ['/training/seed', [-1, 2 ** 32, 0.1]],
    ['/training/preset', ['mnist', '../auto-mpg']],
    ['/training/backend', ['cuda']],
    ['/resources/memoryMib', [1]],
    ['/resources/gres', ['gpu:1']],
    ['/resources/extra', ['--uid=0']],
    ['/dryrun', [true]],
    ['/training/learningRate', [0.1]],
  ]
  for (const [pointer, values] of FIELDS) {
    test(`${pointer}: ${values.length} values that do not fit`, async () => {
      const kept = await store.kept()
      for (const value of values) {
        const findings = problem(await ask('POST', '/v1/jobs', { body: at(pointer, value) }), 400, 'invalid-request')
        assert.deepEqual(pointers(findings), [pointer], JSON.stringify(value))
      }
      assert.deepEqual(await store.kept(), kept)
    })
  }

  const BODIES: [what: string, ask: Ask, status: number, code: string][] = [
    ['no body', {}, 400, 'invalid-request'],
    ['an empty body', { text: '' }, 400, 'invalid-request'],
    ['malformed JSON', { text: '{"name":' }, 400, 'invalid-request'],
    ['a prototype in JSON', { text: '{"__proto__":{"x":1}}' }, 400, 'invalid-request'],
    ['a list', { body: [] }, 400, 'invalid-request'],
    ['null', { text: 'null' }, 400, 'invalid-request'],
    ['text', { text: 'name=x', headers: { 'content-type': 'text/plain' } }, 415, 'unsupported-media-type'],
    [
      'a form',
      { text: 'name=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'unsupported-media-type',
    ],
    ['YAML', { text: 'name: x', headers: { 'content-type': 'application/yaml' } }, 415, 'unsupported-media-type'],
    ['a body over the limit', { text: JSON.stringify({ name: 'x'.repeat(BODY_BYTES) }) }, 413, 'body-too-large'],
    ['10 MB', { text: ' '.repeat(10_000_000) }, 413, 'body-too-large'],
  ]
  for (const [what, options, status, code] of BODIES) {
    test(`${what} is answered ${status}`, async () => {
      const kept = await store.kept()
      problem(await ask('POST', '/v1/jobs', options), status, code)
      assert.deepEqual(await store.kept(), kept)
    })
  }

  test('a client that sends all of its 10 MB before it listens still gets its answer', async () => {
    const { hostname, port } = new URL(address)
    const size = 10_000_000
    const socket = connect({ host: hostname, port: Number(port) })
    const head = [
      'POST /v1/jobs HTTP/1.1',
      `host: ${hostname}`,
      `authorization: Bearer ${TOKENS.ada}`,
      'content-type: application/json',
      `content-length: ${size}`,
    ]
    await new Promise<void>((sent, failed) => {
      socket.on('error', failed)
      socket.on('close', () => failed(new Error('closed before all was sent')))
      socket.write(`${head.join('\r\n')}\r\n\r\n`)
      socket.write(Buffer.alloc(size, ' '), () => sent())
    })
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    assert.match(answer.toString('latin1'), /^HTTP\/1\.1 413 /)
  })

  const UNRUNNABLE: [pointer: string, body: unknown][] = [
    ['/cluster', requestBody({}, { cluster: 'nowhere' })],
    ['/resources/partition', requestBody({ partition: 'nowhere' })],
    ['/resources/nodes', requestBody({ nodes: 2 })],
    ['/resources/afterJobs', requestBody({ afterJobs: ['abcdefghjkmn'] })],
    ['/resources/gpus', requestBody({ gpus: 1 })],
    ['/resources/memoryMiB', requestBody({ memoryMiB: 200_000 })],
    ['/training/backend', requestBody({}, { training: { ...MODEL, backend: 'tfjs-node-gpu' } })],
    ['/training/shares', requestBody({}, { training: { ...MODEL, batchSize: 2, shares: 3 } })],
    ['/training/earlyStopping/monitor', requestBody({}, { training: { ...MODEL, earlyStopping: {} } })],
  ]
  for (const [pointer, body] of UNRUNNABLE) {
    test(`${pointer} that cannot run is answered 422: ${JSON.stringify(body).slice(0, 90)}`, async () => {
      const kept = await store.kept()
      assert.deepEqual(pointers(problem(await ask('POST', '/v1/jobs', { body }), 422, 'request-refused')), [pointer])
      assert.deepEqual(await store.kept(), kept)
    })
  }

  test('a model with a wrong layer is answered 400, with its place and what was probably meant', async () => {
    const layers = [{ kind: 'dense', units: 8 }, { kind: 'MaxPool2D' }]
    const body = { ...requestBody(), training: { ...MODEL, model: { layers }, optimizer: { kind: 'adam', lr: 1 } } }
    const findings = problem(await ask('POST', '/v1/jobs', { body }), 400, 'invalid-request')
    assert.deepEqual(pointers(findings), ['/training/model/layers/1/kind', '/training/optimizer/lr'])
    assert.match(findings[0]?.detail ?? '', /there is no "MaxPool2D"; did you mean maxPooling2d\?/)
    assert.match(findings[1]?.detail ?? '', /did you mean learningRate\?/)
  })

  test('a query parameter that is not there or does not fit is named', async () => {
    const job = accepted(await submit())
    const cases: [method: 'GET' | 'POST' | 'DELETE', url: string, pointer: string][] = [
      ['GET', '/v1/jobs?sate=failed', '?sate'],
      ['GET', '/v1/jobs?state=happy', '?state'],
      ['GET', '/v1/jobs?limit=0', '?limit'],
      ['GET', '/v1/jobs?limit=21', '?limit'],
      ['GET', '/v1/jobs?limit=many', '?limit'],
      ['GET', '/v1/jobs?cursor=abc', '?cursor'],
      ['GET', '/v1/jobs?cursor=%0a', '?cursor'],
      ['GET', '/v1/jobs?name=a%27b', '?name'],
      ['POST', '/v1/jobs?dryRun=maybe', '?dryRun'],
      ['POST', '/v1/jobs?dryrun=true', '?dryrun'],
      ['GET', `/v1/jobs/${job.id}?full=1`, '?full'],
      ['DELETE', `/v1/jobs/${job.id}?force=1`, '?force'],
      ['GET', `/v1/jobs/${job.id}/script?x=1`, '?x'],
      ['GET', `/v1/jobs/${job.id}/events?x=1`, '?x'],
      ['GET', `/v1/jobs/${job.id}/epochs?after=-2`, '?after'],
      ['GET', `/v1/jobs/${job.id}/epochs?limit=1001`, '?limit'],
      ['GET', `/v1/jobs/${job.id}/logs?stream=../spec.json`, '?stream'],
      ['GET', `/v1/jobs/${job.id}/logs?offset=-1`, '?offset'],
      ['GET', `/v1/jobs/${job.id}/logs?offset=1&tail=1`, '?tail'],
      ['GET', `/v1/jobs/${job.id}/logs?limit=99999999`, '?limit'],
    ]
    const kept = await store.kept()
    for (const [method, url, pointer] of cases) {
      const body = method === 'POST' ? { body: requestBody() } : {}
      assert.deepEqual(pointers(problem(await ask(method, url, body), 400, 'invalid-request')), [pointer], url)
    }
    assert.deepEqual(await store.kept(), kept)
    assert.equal((await store.jobs.read(job.id)).revision, 1)
  })

  test('an Idempotency-Key that does not fit is named', async () => {
    for (const key of ['a b', '', 'x'.repeat(256), 'tökén']) {
      const answer = await submit({ headers: { 'idempotency-key': key } })
      assert.deepEqual(pointers(problem(answer, 400, 'invalid-request')), ['header idempotency-key'], key)
    }
  })

  test('an id that is none is a job that does not exist', async () => {
    for (const id of [
      '',
      'x',
      '../../etc/passwd',
      '%2e%2e%2f',
      'ABCDEFGHJKMN',
      'abcdefghjkm',
      "abcdefghjk'n",
      'zzzzzzzzzzzz',
    ]) {
      const answer = await ask('GET', `/v1/jobs/${encodeURIComponent(id)}`)
      problem(answer, 404, 'job-not-found')
    }
  })

  test('an address that is not part of the service is answered 404', async () => {
    for (const url of ['/v1', '/v2/jobs', '/v1/jobs/abcdefghjkmn/nothing', `/v1/jobs/${'x'.repeat(5_000)}`]) {
      assert.equal(problem(await ask('GET', url), 404, 'not-found').length, 0, url)
    }
    problem(await ask('GET', '/v1/jobs/%'), 400, 'invalid-request')
  })
})

describe('for a cluster that nobody has seen yet', () => {
  let fresh: Store
  let url: string
  const factsKey = (): string => `${fresh.prefix}:facts:local`
  let facts: string
  before(async () => {
    fresh = await rig.open()
    const app = await rig.serve(fresh)
    url = await app.http.listen({ host: '127.0.0.1', port: 0 })
    facts = (await fresh.redis.get(factsKey())) ?? assert.fail('the rig has stored no facts')
    await fresh.redis.del(factsKey())
  })
  const send = async (partition: string) => {
    const answer = await fetch(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKENS.ada}`, 'content-type': 'application/json' },
      body: JSON.stringify(requestBody({ partition })),
    })
    return { status: answer.status, body: (await answer.json()) as unknown }
  }

  test('a request waits for the first sight, then is refused as could not ask; nothing is stored', async () => {
    const kept = await fresh.kept()
    const { status, body } = await send('nowhere')
    const { code, detail } = Problem.parse(body)
    assert.deepEqual([status, code], [503, 'cluster-unreachable'])
    assert.match(detail, /Cluster local was never seen.*nothing was stored/)
    assert.deepEqual(await fresh.kept(), kept)
  })

  test('a request that comes before the first sight is judged by it', async () => {
    const answers = Promise.all([send('nowhere'), send('shared')])
    await fresh.redis.set(factsKey(), facts)
    assert.deepEqual(
      (await answers).map(({ status }) => status),
      [422, 202],
    )
  })
})

describe('tokens', () => {
  test('without a valid one nothing below /v1 answers', async () => {
    const { id } = await store.add()
    const urls = [
      '/v1/jobs',
      `/v1/jobs/${id}`,
      `/v1/jobs/${id}/epochs`,
      `/v1/jobs/${id}/events`,
      `/v1/jobs/${id}/logs`,
      `/v1/jobs/${id}/script`,
    ]
    for (const url of urls) {
      for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${TOKENS.ada}` }] as Record<
        string,
        string
      >[]) {
        const answer = await ask('GET', url, { who: null, headers })
        problem(answer, 401, 'unauthorized')
        assert.equal(answer.headers['www-authenticate'], 'Bearer')
      }
    }
  })

  test('a request without one is refused before its body is looked at', async () => {
    const kept = await store.kept()
    problem(await submit({ who: null }), 401, 'unauthorized')
    problem(await ask('POST', '/v1/jobs', { who: null, text: '{' }), 401, 'unauthorized')
    assert.deepEqual(await store.kept(), kept)
  })

  test('another owner’s job does not exist for a user, and does for an operator', async () => {
    const job = accepted(await submit())
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/release'],
      ['GET', '/epochs'],
      ['GET', '/events'],
      ['GET', '/logs'],
      ['GET', '/script'],
    ] as const) {
      problem(await ask(method, `/v1/jobs/${job.id}${path}`, { who: 'bob' }), 404, 'job-not-found')
    }
    assert.equal((await store.jobs.read(job.id)).revision, 1)
    assert.equal((await ask('GET', `/v1/jobs/${job.id}`, { who: 'staff' })).status, 200)
  })
})

describe('Idempotency-Key', () => {
  const keyed = (key: string, over: Ask & { over?: Parameters<typeof requestBody> } = {}) =>
    submit({ headers: { 'idempotency-key': key }, ...over })

  test('the same request again is answered with the same job, and says so', async () => {
    const first = accepted(await keyed('one'))
    const again = await keyed('one')
    assert.equal(accepted(again).id, first.id)
    assert.equal(again.headers['idempotency-replayed'], 'true')
    assert.equal(again.headers.location, `/v1/jobs/${first.id}`)
  })

  test('twenty at once make one job', async () => {
    const before = await store.redis.zcard(store.keys.all())
    const jobs = (await Promise.all(Array.from({ length: 20 }, () => keyed('twenty')))).map(accepted)
    assert.equal(new Set(jobs.map(job => job.id)).size, 1)
    assert.equal(await store.redis.zcard(store.keys.all()), before + 1)
  })

  test('what is left out and what is its default are the same request', async () => {
    const first = accepted(await keyed('defaults'))
    assert.equal(accepted(await keyed('defaults', { over: [{ cpus: 1, requeue: true }] })).id, first.id)
  })

  test('another request under the same key is refused and stores nothing', async () => {
    accepted(await keyed('two'))
    const kept = await store.kept()
    problem(await keyed('two', { over: [{ cpus: 2 }] }), 409, 'idempotency-key-reused')
    assert.deepEqual(await store.kept(), kept)
  })

  test('a dry run again is answered with the same script, and its key stands for no job', async () => {
    const dry = (over: Parameters<typeof requestBody> = []) =>
      ask('POST', '/v1/jobs?dryRun=true', { body: requestBody(...over), headers: { 'idempotency-key': 'dry-key' } })
    const [first, again] = [await dry(), await dry()]
    assert.deepEqual([first.status, again.status, again.text], [200, 200, first.text])
    assert.deepEqual(
      [first, again].map(({ headers }) => headers['idempotency-replayed']),
      [undefined, 'true'],
    )
    problem(await dry([{ cpus: 2 }]), 409, 'idempotency-key-reused')
    problem(await keyed('dry-key'), 409, 'idempotency-key-reused')
    accepted(await keyed('wet-key'))
    const wet = { body: requestBody(), headers: { 'idempotency-key': 'wet-key' } }
    problem(await ask('POST', '/v1/jobs?dryRun=true', wet), 409, 'idempotency-key-reused')
  })

  test('a refused request does not use its key up', async () => {
    problem(await keyed('three', { over: [{ nodes: 2 }] }), 422, 'request-refused')
    accepted(await keyed('three'))
  })

  test('the same key of another owner is another key', async () => {
    const mine = accepted(await keyed('four'))
    assert.notEqual(accepted(await keyed('four', { who: 'bob' })).id, mine.id)
  })

  test('a job replayed by a key is still only its owner’s', async () => {
    const mine = accepted(await keyed('five'))
    problem(await ask('GET', `/v1/jobs/${mine.id}`, { who: 'bob' }), 404, 'job-not-found')
  })
})

describe('cancel and release', () => {
  const held = (): Promise<JobRecord> =>
    store.add({ hold: { stage: 'submit', code: 'SUBMISSION_UNKNOWABLE', detail: 'x', since: AT } }, { dueAt: null })

  test('a cancel is recorded as a wish, once', async () => {
    const job = accepted(await submit())
    const wished = accepted(await ask('DELETE', `/v1/jobs/${job.id}`))
    assert.notEqual(wished.cancelRequestedAt, null)
    assert.deepEqual(accepted(await ask('DELETE', `/v1/jobs/${job.id}`)), wished)
    const { events } = await store.jobs.eventsAfter(job.id, 0, 10)
    assert.deepEqual(
      events.map(({ event }) => event.type),
      ['state', 'cancel-requested'],
    )
  })

  test('a job that has ended is not cancelled', async () => {
    const job = await store.add({ state: 'completed', endedAt: AT }, { dueAt: null })
    problem(await ask('DELETE', `/v1/jobs/${job.id}`), 409, 'job-ended')
    assert.deepEqual(await store.jobs.read(job.id), job)
  })

  test('a held job is released and due again', async () => {
    const job = await held()
    const released = accepted(await ask('POST', `/v1/jobs/${job.id}/release`))
    assert.equal(released.hold, null)
    assert.notEqual((await store.jobs.read(job.id)).inner.dueAt, null)
  })

  test('a job that is not held is not released', async () => {
    const job = await store.add()
    problem(await ask('POST', `/v1/jobs/${job.id}/release`), 409, 'job-not-held')
    assert.deepEqual(await store.jobs.read(job.id), job)
  })

  test('a release repeated under its key is made once', async () => {
    const job = await held()
    const ask1 = () =>
      ask('POST', `/v1/jobs/${job.id}/release`, { headers: { 'idempotency-key': `release-${job.id}` } })
    const first = accepted(await ask1())
    assert.deepEqual(accepted(await ask1()), first)
  })

  test('a cancel and the server’s own writes at once both count', async () => {
    const job = await store.add()
    const notes = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        const now = await store.jobs.read(job.id)
        const { next, events } = machine.noted(now, AT, `note ${i}`)
        await store.jobs.commit(now, next, events, null).catch(() => undefined)
      }
    }
    const [answer] = await Promise.all([ask('DELETE', `/v1/jobs/${job.id}`), notes()])
    accepted(answer)
    assert.notEqual((await store.jobs.read(job.id)).cancelRequestedAt, null)
  })
})

describe('reading', () => {
  test('a list shows one’s own jobs, newest first, by pages', async () => {
    const made: JobRecord[] = []
    const owner = { id: 'bob', name: 'Bob' }
    for (let i = 0; i < 5; i++) made.push(await store.add({ owner, createdAt: later(1_000 + Math.floor(i / 3)) }))
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const answer = await ask(
        'GET',
        `/v1/jobs?limit=2${cursor ? `&cursor=${cursor}` : ''}&name=auto-mpg&cluster=local`,
        { who: 'bob' },
      )
      assert.equal(answer.status, 200, answer.text)
      const page = JobPage.parse(answer.json())
      for (const item of page.items) {
        assert.equal(item.owner, 'bob')
        assert.deepEqual(item, summaryOf(await store.jobs.view(item.id)))
        assert.ok(JSON.stringify(item).length <= 500)
      }
      seen.push(...page.items.map(item => item.id))
      cursor = page.nextCursor
    } while (cursor !== null)
    assert.ok(made.every(job => seen.includes(job.id)))
    assert.equal(new Set(seen).size, seen.length)
  })

  test('a list is narrowed by labels, all of them, and by the time since when; counts go with it', async () => {
    const owner = { id: 'kim', name: 'Kim' }
    const add = (labels: Record<string, string>, seconds: number): Promise<JobRecord> =>
      store.add({ owner, request: request({}, { labels }), createdAt: later(seconds * 1_000) })
    const both = await add({ team: 'crabs', paper: 'one' }, 100)
    const team = await add({ team: 'crabs' }, 101)
    const listed = async (query: string): Promise<string[]> => {
      const answer = await ask('GET', `/v1/jobs?owner=kim&${query}`, { who: 'staff' })
      return JobPage.parse(answer.json()).items.map(({ id }) => id)
    }
    assert.deepEqual(await listed('label=team=crabs'), [team.id, both.id])
    assert.deepEqual(await listed('label=team=crabs&label=paper=one'), [both.id])
    assert.deepEqual(await listed(`since=${later(101_000)}`), [team.id])
    assert.deepEqual(await listed('held=true'), [])
    const counts = await ask('GET', `/v1/jobs/counts?owner=kim&since=${later(100_000)}`, { who: 'staff' })
    const { states, held } = JobCounts.parse(counts.json())
    assert.deepEqual([states.accepted, held], [2, 0])
    problem(await ask('GET', '/v1/jobs/counts?owner=bob'), 403, 'forbidden')
    for (const query of ['label=team', 'label==crabs', 'label=a=b=c', 'since=yesterday', 'held=maybe'])
      problem(await ask('GET', `/v1/jobs?${query}`), 400, 'invalid-request')
  })

  test('a user who asks for another owner’s list is told, not shown their own', async () => {
    problem(await ask('GET', '/v1/jobs?owner=bob'), 403, 'forbidden')
    assert.equal((await ask('GET', '/v1/jobs?owner=ada')).status, 200)
    const page = JobPage.parse((await ask('GET', '/v1/jobs?owner=bob', { who: 'staff' })).json())
    assert.ok(page.items.length > 0 && page.items.every(item => item.owner === 'bob'))
  })

  test('a filter by state shows that state only', async () => {
    await store.add({ state: 'failed', endedAt: AT, failure: failure('lost', 'x', []) }, { dueAt: null })
    const page = JobPage.parse((await ask('GET', '/v1/jobs?state=failed')).json())
    assert.ok(page.items.length > 0 && page.items.every(item => item.state === 'failed' && item.failure === 'lost'))
  })

  test('epochs are read by pages, and a missing one in the middle is not taken for the end', async () => {
    const job = await store.add({ state: 'running' })
    await store.epochs.put(job.id, [...epochsOf('1-0', 0, 3), ...epochsOf('1-0', 5, 9)])
    const seen: number[] = []
    let after = -1
    for (;;) {
      const page = (await ask('GET', `/v1/jobs/${job.id}/epochs?after=${after}&limit=4`)).json() as {
        items: { epoch: number }[]
        next: number | null
      }
      seen.push(...page.items.map(item => item.epoch))
      if (page.next === null) break
      assert.ok(page.next > after)
      after = page.next
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 5, 6, 7, 8, 9])
  })

  test('a script is there once it was rendered, as plain text', async () => {
    const early = await store.add()
    problem(await ask('GET', `/v1/jobs/${early.id}/script`), 404, 'script-not-rendered')
    const job = await store.add({ state: 'prepared' }, { script: '#!/bin/bash\n' })
    const answer = await ask('GET', `/v1/jobs/${job.id}/script`)
    assert.deepEqual([answer.status, answer.text], [200, '#!/bin/bash\n'])
    assert.match(String(answer.headers['content-type']), /^text\/plain/)
  })

  test('a log of a job without a run is empty, and an attempt that never was is not found', async () => {
    const job = await store.add()
    const answer = await ask('GET', `/v1/jobs/${job.id}/logs`)
    assert.deepEqual([answer.status, answer.text, answer.headers['trotline-size']], [200, '', '0'])
    problem(await ask('GET', `/v1/jobs/${job.id}/logs?attempt=1`), 404, 'attempt-not-found')
  })

  test('a record that cannot be read is a fault of ours: 500, and nothing of it is shown', async () => {
    const job = await store.add()
    await store.redis.hset(
      store.keys.job(job.id),
      'record',
      JSON.stringify({ ...job, schemaVersion: 99, name: 'hush' }),
    )
    const answer = await ask('GET', `/v1/jobs/${job.id}`)
    problem(answer, 500, 'internal')
    assert.ok(!answer.text.includes('hush'))
    await store.redis.hset(store.keys.job(job.id), 'record', '{"cut')
    problem(await ask('GET', `/v1/jobs/${job.id}`), 500, 'internal')
  })

  test('a record that cannot be read hides no other job, and its own line stands in lists as it was', async () => {
    const owner = { id: 'staff', name: 'Staff' }
    const [old, broken, young] = await Promise.all(
      [10, 11, 12].map(seconds => store.add({ owner, createdAt: later(seconds * 1_000) })),
    )
    await store.redis.hset(store.keys.job(broken?.id ?? ''), 'record', JSON.stringify({ ...broken, schemaVersion: 99 }))
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const from = cursor === '' ? '' : `&cursor=${cursor}`
      const answer = await ask('GET', `/v1/jobs?owner=staff&limit=1${from}`, { who: 'staff' })
      assert.equal(answer.status, 200, answer.text)
      const page = JobPage.parse(answer.json())
      ids.push(...page.items.map(item => item.id))
      cursor = page.nextCursor
    }
    assert.deepEqual(ids, [young?.id, broken?.id, old?.id])
  })
})

describe('about itself', () => {
  test('alive and ready are told without a token, and an unattended cluster is named', async () => {
    assert.deepEqual((await ask('GET', '/healthz', { who: null })).json(), { status: 'ok' })
    const answer = await ask('GET', '/readyz', { who: null })
    assert.equal(answer.status, 503)
    const { ready, checks } = answer.json() as { ready: boolean; checks: { name: string; ok: boolean; code: string }[] }
    assert.equal(ready, false)
    assert.deepEqual(
      checks.map(({ name, ok, code }) => [name, ok, code]),
      [
        ['store', true, 'ok'],
        ['cluster:local', false, 'CLUSTER_UNATTENDED'],
      ],
    )
  })

  test('/openapi.json is OpenAPI 3.1 and lists every route', async () => {
    const answer = await ask('GET', '/openapi.json', { who: null })
    const { openapi, paths, components } = answer.json() as {
      openapi: string
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
      components: { schemas: Record<string, unknown> }
    }
    assert.match(openapi, /^3\.1\./)
    const listed = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method} ${path}`),
    )
    assert.deepEqual(listed.toSorted(), [
      'delete /v1/environments/{id}/clusters/{cluster}',
      'delete /v1/jobs/{id}',
      'delete /v1/webhooks/{id}',
      'get /healthz',
      'get /readyz',
      'get /v1/clusters',
      'get /v1/clusters/{name}',
      'get /v1/compatibility/matrix',
      'get /v1/environments',
      'get /v1/environments/names/{name}',
      'get /v1/environments/{id}',
      'get /v1/environments/{id}/clusters/{cluster}',
      'get /v1/environments/{id}/clusters/{cluster}/log',
      'get /v1/environments/{id}/diff/{other}',
      'get /v1/environments/{id}/lock',
      'get /v1/jobs',
      'get /v1/jobs/counts',
      'get /v1/jobs/{id}',
      'get /v1/jobs/{id}/artifacts',
      'get /v1/jobs/{id}/artifacts/{path}',
      'get /v1/jobs/{id}/bundle',
      'get /v1/jobs/{id}/compatibility',
      'get /v1/jobs/{id}/epochs',
      'get /v1/jobs/{id}/events',
      'get /v1/jobs/{id}/logs',
      'get /v1/jobs/{id}/script',
      'get /v1/jobs/{id}/why',
      'get /v1/stream',
      'get /v1/webhooks',
      'get /v1/webhooks/{id}',
      'get /v1/webhooks/{id}/deliveries',
      'get /v1/whoami',
      'post /v1/clusters/{name}/environments/collect',
      'post /v1/clusters/{name}/pause',
      'post /v1/clusters/{name}/probe',
      'post /v1/clusters/{name}/resume',
      'post /v1/compatibility/check',
      'post /v1/compatibility/suggest',
      'post /v1/environments',
      'post /v1/environments/{id}/clusters/{cluster}',
      'post /v1/environments/{id}/clusters/{cluster}/verify',
      'post /v1/jobs',
      'post /v1/jobs/{id}/release',
      'post /v1/jobs/{id}/rerun',
      'post /v1/reruns',
      'post /v1/webhooks',
      'post /v1/webhooks/{id}/resume',
      'post /v1/webhooks/{id}/test',
    ])
    for (const name of ['Job', 'JobPage', 'Problem', 'EnvironmentMade', 'Materialisation'])
      assert.ok(name in components.schemas, name)
    assert.match(JSON.stringify(components.schemas.Readiness), /"usedBytes".*"ceilingBytes"/)
    for (const ref of answer.text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
      assert.ok((ref[1] ?? '') in components.schemas, ref[0])
  })
})
