import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SlurmScheduler, SubmitOrder, Transport } from '@trotline/slurm'
import { guardScheduler } from '../../../apps/orchestrator/src/clusters/guarded-scheduler.ts'

const ORDER: SubmitOrder = {
  directory: '/scratch/job',
  submission: 1,
  name: 'tl-abc-1',
  scriptFile: 'script.sh',
  files: [],
  mode: 'look',
}

/** Every question there is, and whether slurmctld answers it. */
const QUESTIONS: Record<
  keyof SlurmScheduler,
  [by: 'slurmctld' | 'slurmdbd', (of: SlurmScheduler) => Promise<unknown>]
> = {
  facts: ['slurmctld', of => of.facts()],
  partitions: ['slurmctld', of => of.partitions()],
  partitionRules: ['slurmctld', of => of.partitionRules()],
  listJobs: ['slurmctld', of => of.listJobs()],
  listPending: ['slurmctld', of => of.listPending()],
  cancel: ['slurmctld', of => of.cancel({ slurmJobId: '17', name: 'tl-abc-1' })],
  submitOnce: ['slurmctld', of => of.submitOnce(ORDER)],
  submitMany: ['slurmctld', of => of.submitMany([ORDER])],
  account: ['slurmdbd', of => of.account({ ids: ['17'] })],
}

for (const [question, [by, put]] of Object.entries(QUESTIONS)) {
  const what = by === 'slurmctld' ? 'is not put while slurmctld rests' : 'is put while slurmctld rests'
  test(`${question} ${what}`, async () => {
    let commands = 0
    const transport = {
      exec: async () => {
        commands += 1
        return {
          exitCode: 1,
          signal: null,
          stdout: '',
          stderr: 'squeue: error: slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n',
          durationMs: 1,
        }
      },
    } as unknown as Transport
    const { scheduler, resting } = guardScheduler({
      cluster: 'local',
      identity: 'default',
      unixUser: 'ada',
      transport,
      breaker: { faults: 1, windowSeconds: 120, slowAnswerSeconds: 20, restSeconds: 600, longestRestSeconds: 600 },
      onRefused: () => {},
      beforeLookUps: async () => {},
    })
    try {
      await assert.rejects(scheduler.listJobs(), { code: 'SLURM_UNREACHABLE' })
      const before = commands
      await assert.rejects(put(scheduler), { code: by === 'slurmctld' ? 'CLUSTER_RESTING' : 'SLURM_UNREACHABLE' })
      assert.equal(commands - before, by === 'slurmctld' ? 0 : 1)
    } finally {
      resting.close()
    }
  })
}
