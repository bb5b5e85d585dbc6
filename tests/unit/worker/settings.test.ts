// What Slurm's environment says about an allocation.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeLibrariesExact, readAllocation, silenceLibraries } from '../../../apps/worker/src/settings.ts'

test('the first run has no restart count: it is restart 0', () => {
  const allocation = readAllocation({ SLURM_JOB_ID: '7', SLURMD_NODENAME: 'n1', SLURM_JOB_NAME: 'x' })
  assert.deepEqual(allocation, { slurmJobId: '7', restart: 0, node: 'n1', slurmJobName: 'x' })
})

test('a requeued Slurm job says how often it was requeued', () => {
  const allocation = readAllocation({ SLURM_JOB_ID: '7', SLURM_RESTART_COUNT: '2', SLURMD_NODENAME: 'n1' })
  assert.equal('restart' in allocation && allocation.restart, 2)
})

test('outside an allocation, or with a count that is none, there is nothing to do', () => {
  for (const environment of [{}, { SLURM_JOB_ID: '7', SLURM_RESTART_COUNT: '../2' }]) {
    const allocation = readAllocation(environment)
    assert.equal('leave' in allocation && allocation.leave, 'unusable')
  }
})

test('DEBUG of the submitting shell does not reach ioredis, which would print the password with it', () => {
  const environment = { DEBUG: 'ioredis:*', HOME: '/' }
  silenceLibraries(environment)
  assert.deepEqual(environment, { HOME: '/' })
})

test('TensorFlow is told to compute in full float32 and the same bits every time, unless the job’s prologue says otherwise', () => {
  const environment: Record<string, string> = { NVIDIA_TF32_OVERRIDE: '1' }
  makeLibrariesExact(environment)
  assert.deepEqual(environment, {
    NVIDIA_TF32_OVERRIDE: '1',
    TF_DETERMINISTIC_OPS: '1',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  })
})
