// What a job is told that waits for its environment. What else it may wait for: why.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Materialisation } from '@trotline/contracts'
import { materialisationOf } from '../../../apps/orchestrator/src/lifecycle/materialisations.ts'
import { asked } from '../../../apps/orchestrator/src/lifecycle/materialise-moves.ts'
import { whyOf } from '../../../apps/orchestrator/src/lifecycle/why.ts'
import { inMaking } from '../../../apps/orchestrator/src/lifecycle/why-waits.ts'
import { AT, record, sha256 } from '../../support/job-records.ts'

const LOCK = sha256('a lock')
const job = record({ environment: { lock: LOCK, name: 'ml@3', look: null } })
const told = (over: Partial<Materialisation>, of = job) => {
  const environment = { ...materialisationOf({ ...asked('local', LOCK, 'tree', 'ada', AT), revision: 1 }, 1), ...over }
  return inMaking({
    job: of,
    environment,
    progress: { epochs: 0, of: 1, superseded: 0, last: null },
    events: [],
    paused: null,
    look: null,
    nowMs: Date.parse(AT),
  })
}

test('how far its environment is, by whom it is made and what went wrong last', () => {
  const making = told({
    state: 'making',
    detail: 'Its packages are being installed.',
    step: 'install',
    progress: { done: 12, of: 38, unit: 'packages' },
    installer: { tool: 'micromamba', path: '/opt/micromamba', version: '2.0.5' },
    trouble: { code: 'died', detail: 'Its maker was killed by signal 9.', evidence: [], transient: true },
    attempt: 2,
  })
  assert.equal(
    making?.summary,
    'It waits for its environment ml@3. Its packages are being installed. 12 of 38 packages.',
  )
  assert.deepEqual(making?.details, [
    'It is made by micromamba 2.0.5',
    'What went wrong last: Its maker was killed by signal 9.',
  ])
  assert.equal(making?.evidence[0]?.line, `environment ${LOCK.slice(0, 12)}: making, attempt 2, install`)
  const brought = told({ progress: { done: 1_048_576, of: 3_145_728, unit: 'bytes' }, detail: 'Archives are brought.' })
  assert.match(brought?.summary ?? '', / 1\.0 MiB of 3\.0 MiB\.$/)
})

test('one that waits for its turn is not told as made by the installer of an earlier try', () => {
  const installer = { tool: 'micromamba', path: '/opt/micromamba', version: '2.0.5' } as const
  assert.deepEqual(told({ state: 'wanted', installer })?.details, [])
})

test('a trouble from before it waited for its environment is not what it waits for, and a pause is', () => {
  const trying = { stage: 'prepare', tries: 1, nextAt: AT, code: 'SSH_LOST', detail: 'The connection ended.' } as const
  const waiting = { ...job, trying }
  const environment = materialisationOf({ ...asked('local', LOCK, 'tree', 'ada', AT), revision: 1 }, 1)
  const progress = { epochs: 0, of: 1, superseded: 0, last: null }
  const input = { job: waiting, environment, progress, events: [], paused: null, look: null, nowMs: Date.parse(AT) }
  assert.match(whyOf(input).summary, /^It waits for its environment ml@3\./)
  assert.match(whyOf({ ...input, environment: { ...environment, state: 'ready' } }).summary, /SSH_LOST/)
  const paused = { by: 'staff', since: AT, why: 'maintenance' }
  assert.match(whyOf({ ...input, paused }).summary, /is paused by staff/)
})

test('nothing of it where it is ready, or none is needed', () => {
  assert.equal(told({ state: 'ready' }), null)
  assert.equal(told({}, record()), null)
})
