import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { JobId, type JobRequest, type ModelTraining } from '@trotline/contracts'
import type { z } from 'zod'
import { type Accepted, accept, newJobId, newReportKey } from '../../../apps/orchestrator/src/lifecycle/accept.ts'
import { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { shippedCompatibility } from '../../support/compatibility.ts'
import { AT, clusterFacts, clusterSettings, request } from '../../support/job-records.ts'
import { pinnedLock } from '../../support/locks.ts'

const principal = { owner: { id: 'ada', name: 'Ada' }, role: 'user', identity: 'default' } as const
const clusters = [
  clusterSettings(),
  clusterSettings({ name: 'far', identities: [{ name: 'other', unixUser: 'x', privateKeyFile: '/k' }] }),
]
const ask = (asked: JobRequest, over: Partial<Parameters<typeof accept>[0]> = {}): Accepted =>
  accept({
    request: asked,
    principal,
    clusters,
    facts: clusterFacts(),
    compatibility: shippedCompatibility(),
    at: AT,
    ...over,
  })

const findings = (answer: Accepted) => (answer.accepted ? [] : answer.findings)
const pointers = (answer: Accepted): string[] => findings(answer).map(finding => finding.pointer)

const MODEL: z.input<typeof ModelTraining> = {
  kind: 'model',
  data: { format: 'auto-mpg' },
  model: { layers: [{ kind: 'dense', units: 1 }] },
  optimizer: { kind: 'adam' },
  loss: 'mse',
  epochs: 10,
}
const withTraining = (training: object, resources: Parameters<typeof request>[0] = {}): JobRequest =>
  request(
    { partition: 'gpu', ...resources },
    { training: { kind: 'preset', preset: 'auto-mpg', epochs: 10, ...training } },
  )

describe('a request that can run', () => {
  const answer = ask(request())
  const job = answer.accepted ? answer.job : assert.fail(JSON.stringify(answer))

  test('becomes a record that fits its schema, due at once', () => {
    JobRecord.parse(job)
    assert.deepEqual([job.state, job.revision, job.submission, job.inner.dueAt], ['accepted', 1, 1, Date.parse(AT)])
  })

  test('belongs to whoever asked and runs as their identity', () => {
    assert.deepEqual([job.owner, job.identity], [principal.owner, { name: 'default', unixUser: 'ada' }])
  })

  test('is compatible where it uses no GPU, because nothing has to fit', () => {
    const { verdict, rule, findings, facts } = job.compatibility
    assert.deepEqual([verdict, rule, findings, facts], ['compatible', 'no-gpu', [], null])
  })

  test('is accepted at the very limits of its partition', () => {
    const most = request({ cpus: 24, memoryMiB: 120_000, timeLimitMinutes: 600 })
    assert.ok(ask(most).accepted)
    assert.ok(ask(request({ partition: 'gpu', gpus: 8, gpuType: 'k80', timeLimitMinutes: 527_040 })).accepted)
  })

  test('takes several submissions where its time is longer than the partition allows, and is told so', () => {
    const answer = ask(request({ timeLimitMinutes: 1_500 }))
    const { submissions, notes } = answer.accepted ? answer.job : assert.fail(JSON.stringify(answer))
    assert.deepEqual(
      submissions.map(({ submission, cause, timeLimitMinutes }) => [submission, cause, timeLimitMinutes]),
      [[1, 'request', 600]],
    )
    assert.match(notes[0]?.text ?? '', /600 minutes at a time: the training takes up to 3 submissions/)
  })

  test('is told where others go first, and whether it is run again then', () => {
    const told = (asked: JobRequest, mode: 'requeue' | 'cancel' | 'suspend', graceSeconds: number): string[] => {
      const partitions = clusterFacts().partitions.map(each => ({ ...each, preemption: { mode, graceSeconds } }))
      const answer = ask(asked, { facts: clusterFacts({ partitions }) })
      return answer.accepted ? answer.job.notes.map(note => note.text) : assert.fail(JSON.stringify(answer))
    }
    assert.deepEqual(told(request(), 'requeue', 0), [
      'A job in partition shared may have to make room for another: Slurm then requeues it. The training goes on from its last checkpoint.',
    ])
    assert.deepEqual(told(request({ requeue: false }), 'cancel', 90), [
      'A job in partition shared may have to make room for another: Slurm then ends it, 90 s after a warning. It is not run again then, because resources.requeue is false.',
    ])
    assert.match(told(request(), 'suspend', 90)[0] ?? '', /suspends it\. The training stands still/)
    assert.equal(told(request({ timeLimitMinutes: 601 }), 'cancel', 0).length, 2)
    assert.deepEqual(job.notes, [])
  })

  test('may be a model', () => {
    const answer = ask(request({ cpus: 2 }, { training: { ...MODEL, shares: 2 } }))
    assert.deepEqual(answer.accepted ? answer.job.notes : answer.findings, [])
  })

  test('is told where its shares have fewer CPUs', () => {
    const answer = ask(request({ cpus: 2 }, { training: { ...MODEL, shares: 4 } }))
    assert.match(answer.accepted ? (answer.job.notes[0]?.text ?? '') : '', /4 shares of a batch take turns on 2 CPUs/)
  })

  test('may let GPUs go where it says so', () => {
    assert.ok(ask(withTraining({ backend: 'any' }, { gpus: 1 })).accepted)
  })

  test('may be a command, with or without an environment', () => {
    const command = { training: { kind: 'command' as const, command: ['python', 'train.py'] } }
    assert.deepEqual(pointers(ask(request({}, command))), [])
    assert.ok(ask(request({}, { ...command, environment: { name: 'ml@3' } })).accepted)
  })

  test('is pinned to the lock that its environment stands for', () => {
    const environment = { ...pinnedLock(), name: 'ml@3' }
    const answer = ask(request({}, { environment: { name: 'ml' } }), { environment })
    const job = answer.accepted ? JobRecord.parse(answer.job) : assert.fail(JSON.stringify(answer))
    assert.deepEqual(job.environment, { lock: environment.id, name: 'ml@3', look: null })
    assert.deepEqual([job.compatibility.verdict, job.compatibility.rule], ['compatible', 'lock-fits'])
  })

  test('is accepted on the operator’s word where the cluster was never seen', () => {
    const listed = [clusterSettings({ partitions: ['shared'] })]
    assert.ok(ask(request(), { clusters: listed, facts: null }).accepted)
  })
})

describe('a request that cannot run', () => {
  const REFUSED: [what: string, request: JobRequest, pointer: string][] = [
    ['a cluster that does not exist', request({}, { cluster: 'nowhere' }), '/cluster'],
    ['a cluster where one has no account', request({}, { cluster: 'far' }), '/cluster'],
    ['a partition that does not exist', request({ partition: 'nowhere' }), '/resources/partition'],
    [
      'more time than the partition allows a job that must not run again',
      request({ timeLimitMinutes: 601, requeue: false }),
      '/resources/timeLimitMinutes',
    ],
    ['twenty times the partition’s limit', request({ timeLimitMinutes: 12_001 }), '/resources/timeLimitMinutes'],
    ['more cpus than a node has', request({ cpus: 25 }), '/resources/cpus'],
    ['more memory than a node has', request({ memoryMiB: 120_001 }), '/resources/memoryMiB'],
    ['GPUs where there are none', request({ gpus: 1 }), '/resources/gpus'],
    [
      'a GPU type that the partition lacks',
      request({ partition: 'gpu', gpus: 1, gpuType: 'h100' }),
      '/resources/gpuType',
    ],
    ['a GPU type where there are no GPUs', request({ gpus: 1, gpuType: 'a100' }), '/resources/gpuType'],
    ['more GPUs of a type than a node has', request({ partition: 'gpu', gpus: 5, gpuType: 'a100' }), '/resources/gpus'],
    ['more GPUs than any node has', request({ partition: 'gpu', gpus: 9 }), '/resources/gpus'],
    ['a GPU type without a GPU', request({ partition: 'gpu', gpus: 0, gpuType: 'a100' }), '/resources/gpuType'],
    [
      'a named backend without GPUs for a job with GPUs',
      withTraining({ backend: 'simd' }, { gpus: 1 }),
      '/training/backend',
    ],
    ['a GPU backend without a GPU', withTraining({ backend: 'tfjs-node-gpu' }), '/training/backend'],
    [
      'more shares than a batch has rows',
      request({}, { training: { ...MODEL, batchSize: 4, shares: 8 } }),
      '/training/shares',
    ],
    [
      'a monitor of no value',
      request({}, { training: { ...MODEL, earlyStopping: {} } }),
      '/training/earlyStopping/monitor',
    ],
    ['several nodes', request({ nodes: 2 }), '/resources/nodes'],
    ['other jobs to wait for', request({ afterJobs: ['abcdefghjkmn'] }), '/resources/afterJobs'],
  ]
  for (const [what, asked, pointer] of REFUSED) {
    test(`${what} is refused and ${pointer} named`, () => {
      const answer = ask(asked)
      assert.equal(answer.accepted, false)
      assert.deepEqual(pointers(answer), [pointer])
      assert.equal('job' in answer, false)
    })
  }

  test('where nobody knows the partitions nothing is accepted, and what is wrong anyway is named at once', () => {
    assert.deepEqual(ask(request({ partition: 'anything', gpus: 1 }), { facts: null }), {
      accepted: false,
      problem: 'request-refused',
      findings: [],
      report: null,
      unseen: true,
    })
    const wrong = ask(request({ partition: 'anything', nodes: 2 }), { facts: null })
    assert.deepEqual([pointers(wrong), 'unseen' in wrong && wrong.unseen], [['/resources/nodes'], false])
  })

  test('every fault is named at once', () => {
    const answer = ask(request({ nodes: 2, cpus: 25, memoryMiB: 120_001 }))
    assert.deepEqual(pointers(answer).toSorted(), ['/resources/cpus', '/resources/memoryMiB', '/resources/nodes'])
  })

  test('a finding says what was found, what is allowed and who said so', () => {
    const [finding] = findings(ask(request({ cpus: 25 })))
    assert.deepEqual([finding?.found, finding?.required, finding?.source], ['25', 'at most 24', `sinfo, ${AT}`])
  })

  test('a wrong partition is answered with those that there are', () => {
    assert.equal(findings(ask(request({ partition: 'share' })))[0]?.required, 'one of shared, gpu')
  })

  test('the operator’s list of partitions counts, not all that sinfo lists', () => {
    const only = [clusterSettings({ partitions: ['gpu'] })]
    assert.deepEqual(pointers(ask(request(), { clusters: only })), ['/resources/partition'])
    assert.deepEqual(pointers(ask(request(), { clusters: only, facts: null })), ['/resources/partition'])
  })
})

describe('new names', () => {
  test('a job id is from the closed alphabet, starts with a letter, and does not repeat', () => {
    const ids = Array.from({ length: 2_000 }, newJobId)
    for (const id of ids) assert.equal(JobId.parse(id), id)
    assert.equal(new Set(ids).size, ids.length)
    assert.equal(new Set(ids.flatMap(id => [...id])).size, 32)
  })

  test('a report key is 32 bytes in base64url, another one each time', () => {
    assert.match(newReportKey(), /^[A-Za-z0-9_-]{43}$/)
    assert.notEqual(newReportKey(), newReportKey())
  })
})
