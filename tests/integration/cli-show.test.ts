// trotline show --full: all that the record has, in a pipe a row for each.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Job, JobRequest } from '../../packages/contracts/src/index.ts'
import { type ContractServer, now, REQUEST, startContractServer } from './cli-contract-server.ts'
import { hasTerminal, run } from './cli-run.ts'

let server: ContractServer
let id: string
before(async () => {
  server = await startContractServer()
  id = server.accept(JobRequest.parse({ ...REQUEST, name: 'whole', labels: { project: 'reef' } })).id
  const { job } = server.kept(id)
  const submission = { submission: 1, cause: 'request', at: now(), evidence: ['sbatch: 4711'], timeLimitMinutes: 30 }
  const gate = { gate: 'driver-cuda', rule: 'driver-too-old', verdict: 'compatible', detail: 'It is new enough.' }
  const whole = {
    ...job,
    state: 'failed',
    endedAt: now(),
    submissions: [{ ...submission, warnSeconds: 60, slurmJobId: '4711', elapsedSeconds: 125 }],
    compatibility: {
      ...job.compatibility,
      findings: [{ ...gate, required: '525.60.13', found: '550.54.15', hint: null, source: null, confidence: null }],
    },
    failure: {
      reason: 'out-of-memory',
      detail: 'Too much.',
      action: 'Ask for more.',
      evidence: ['4711|OOM'],
      logTail: 'a\nb\n',
    },
    worker: { release: 'f'.repeat(64), runtime: 'v22.11.0' },
  } as Job
  server.put(whole)
})
after(() => server.stop())

test('show --full has the request field by field, submissions, gates, what it ran by and what was seen of its failure', async () => {
  const [short, full] = await Promise.all([run(server, ['show', id]), run(server, ['show', id, '--full'])])
  assert.equal(full.code, 0, full.stderr)
  for (const row of [
    'identity\tdefault (tester on the cluster)',
    'request\ttraining.epochs  20',
    'request\tresources.partition  shared',
    'request\tlabels.project  reef',
    'gate\tdriver-cuda: compatible (driver-too-old)  It is new enough.  required 525.60.13  found 550.54.15',
    `worker\trelease ${'f'.repeat(64)}, Node.js v22.11.0`,
    'evidence\t4711|OOM',
    'log\ta',
    'log\tb',
  ]) {
    assert.ok(full.stdout.includes(`${row}\n`), row)
    assert.ok(!short.stdout.includes(`${row}\n`), row)
  }
  assert.match(
    full.stdout,
    /^submitted\t\S+Z 1: request, Slurm job 4711, limit 30 min, took 2 min 05 s, sbatch: 4711$/m,
  )
  // What show says is all there, and every row has its two columns.
  for (const row of short.stdout.split('\n')) assert.ok(full.stdout.includes(row), row)
  for (const row of full.stdout.trimEnd().split('\n')) assert.equal(row.split('\t').length, 2, row)
})

test('on a terminal show --full has them, too, and a failure no more than once', {
  skip: !hasTerminal && 'no pseudo-terminal can be made here (script of util-linux)',
}, async () => {
  const { code, stdout } = await run(server, ['show', id, '--full'], { columns: 100 })
  assert.equal(code, 0, stdout)
  assert.match(stdout, /training\.epochs {2}20/)
  assert.equal(stdout.split('4711|OOM').length, 2)
})
