import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { meaningOf } from '../../../apps/orchestrator/src/lifecycle/pending-reasons.ts'

/** man squeue, JOB REASON CODES, and what a waiting job was seen to have; `*` of the manual filled in with words of libslurm 22.05. */
const WORDS = [
  'None Priority Resources JobHeldUser JobHeldAdmin BeginTime Dependency DependencyNeverSatisfied Licenses Reservation',
  'ReservationDeleted ReqNodeNotAvail PartitionTimeLimit PartitionNodeLimit PartitionDown PartitionInactive PartitionConfig',
  'BadConstraints InvalidAccount AccountNotAllowed InvalidQOS QOSNotAllowed NodeDown FrontEndDown Cleaning Prolog',
  'WaitingForScheduling JobHoldMaxRequeue JobArrayTaskLimit MaxMemPerLimit QOSJobLimit QOSResourceLimit QOSTimeLimit',
  'QOSUsageThreshold AssociationJobLimit AssociationResourceLimit AssociationTimeLimit AccountingPolicy JobLaunchFailure',
  'QOSMaxSubmitJobPerUserLimit QOSMaxJobsPerUserLimit QOSMaxCpuPerUserLimit QOSMaxGRESPerUser QOSMaxWallDurationPerJobLimit',
  'QOSMaxCpuPerJobLimit QOSMaxMemoryPerNode QOSMinGRES QOSGrpCpuLimit QOSGrpJobsLimit QOSGrpGRES QOSGrpCPUMinutesLimit',
  'AssocMaxSubmitJobLimit AssocMaxJobsLimit AssocMaxCpuPerJobLimit AssocGrpCpuLimit AssocGrpGRES AssocGrpSubmitJobsLimit',
  'AssocGrpGRESMinutes AssocGrpMemRunMinutes MaxJobsPerAccount MaxCpuPerAccount NonZeroExitCode SystemFailure TimeLimit DeadLine',
]
  .join(' ')
  .split(' ')
const PHRASES = [
  'launch failed requeued held',
  'job requeued in held state',
  'user env retrieval failed requeued held',
  'ReqNodeNotAvail, UnavailableNodes:k02',
  'Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions',
]

test('every reason of the manual has words of its own', () => {
  for (const word of [...WORDS, ...PHRASES]) {
    const { meaning } = meaningOf(word)
    assert.ok(!meaning.includes('has no words here'), word)
    assert.match(meaning, /^[A-ZA-Z].*\.$/, word)
  }
})

test('a reason that was recorded beside a waiting job of a real Slurm has words of its own', () => {
  const folder = fileURLToPath(new URL('../../fixtures/slurm/22.05/', import.meta.url))
  const seen = readdirSync(folder)
    .filter(file => file.startsWith('squeue-'))
    .flatMap(file => readFileSync(folder + file, 'utf8').split('\x1e\n'))
    .map(row => row.split('\x1f'))
    .filter(cells => cells[2] === 'PENDING')
    .map(cells => cells[3] ?? '')
  assert.ok(seen.length >= 5, `${seen.length} waiting jobs were recorded`)
  for (const word of seen) assert.ok(!meaningOf(word).meaning.includes('has no words here'), word)
})

test('a word that nobody has seen is shown verbatim with where to look it up', () => {
  const { meaning, action } = meaningOf('QuantumFluxLow')
  assert.match(meaning, /"QuantumFluxLow"/)
  assert.match(action ?? '', /man squeue/)
})

test('no reason is no reason, not a made-up one', () => {
  for (const word of [null, '', ' '])
    assert.deepEqual(meaningOf(word), { meaning: 'Slurm gives no reason.', action: null })
})

test('a limit of one job tells to ask for less, a limit of all of a user’s jobs to wait for one', () => {
  assert.match(meaningOf('QOSMaxCpuPerJobLimit').action ?? '', /asking for less/)
  assert.match(meaningOf('QOSMaxCpuPerUserLimit').action ?? '', /until one of the others ends/)
})

test('the nodes behind ReqNodeNotAvail are named', () => {
  assert.match(meaningOf('ReqNodeNotAvail, UnavailableNodes:k02').meaning, /UnavailableNodes:k02/)
})
