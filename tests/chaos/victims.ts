// Jobs that faults ask for because they need one to hit: submitted as any other, and audited as any other.
import type { Job } from '@trotline/contracts'
import { isTerminal } from '@trotline/contracts'
import { eventually } from '../support/eventually.ts'
import { victimPlan } from './job-mix.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

const LIMIT_MS = 300_000

export interface VictimOptions {
  epochs?: number
  backend?: string
  resources?: Record<string, unknown>
}

export interface Victims {
  /** Acknowledged; nothing more is known of it. */
  accepted(options?: VictimOptions): Promise<string>
  /** Trains: an epoch of its newest run is in the record, and squeue shows it running. */
  training(options?: VictimOptions): Promise<Job>
  /** In Slurm, and not started. */
  pending(options?: VictimOptions): Promise<Job>
  /** Completed. */
  completed(options?: VictimOptions): Promise<Job>
}

export function createVictims(world: World, random: Random, runName: string): Victims {
  let count = 0

  async function accepted(options: VictimOptions = {}): Promise<string> {
    const { id, refused } = await world.client.submit(victimPlan(random, `${runName}-victim-${++count}`, options))
    if (id === null) throw new Error(`a victim was not accepted: ${refused}`)
    return id
  }

  /** Again with another one where the first came to its end too soon: other faults are under way, too. */
  async function reached(what: string, options: VictimOptions, look: (job: Job) => boolean): Promise<Job> {
    let id = await accepted(options)
    return eventually(
      `a victim ${what}`,
      async () => {
        const job = await world.client.job(id)
        if (job === null) return null
        if (look(job)) return job
        if (isTerminal(job.state)) id = await accepted(options)
        return null
      },
      LIMIT_MS,
    )
  }

  return {
    accepted,
    training: options =>
      reached('trains', options ?? {}, job => {
        const run = job.runs.at(-1)?.run
        const listed = job.slurm?.state === 'RUNNING' && Boolean(job.slurm.nodes)
        return job.state === 'running' && listed && run !== undefined && job.progress.last?.run === run
      }),
    pending: options => reached('waits in Slurm', options ?? {}, job => job.state === 'pending' && job.slurm !== null),
    completed: options =>
      reached('has completed', { epochs: 20, backend: 'auto', ...options }, job => job.state === 'completed'),
  }
}
