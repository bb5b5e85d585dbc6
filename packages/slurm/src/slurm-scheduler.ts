// Asks one cluster, as one user, over a transport. What is asked and how answers are read is in commands/.
// "Could not ask" is always a thrown, transient SlurmError; a returned value is always an answer.
import { answerOf, cleanCommand } from './commands/clean-environment.ts'
import { type Accounting, type AccountQuery, parseSacct, sacctCommands } from './commands/sacct.ts'
import { parseScancel, scancelCommand } from './commands/scancel.ts'
import { parseScontrolConfig, type SlurmFacts, scontrolConfigCommand } from './commands/scontrol-config.ts'
import { type PartitionRules, parseScontrolPartition, scontrolPartitionCommand } from './commands/scontrol-partition.ts'
import { type Partition, parseSinfo, sinfoCommand } from './commands/sinfo.ts'
import { parseSqueue, type SlurmJob, squeueCommand } from './commands/squeue.ts'
import {
  type PendingJob,
  parseSqueuePending,
  squeueLineCommand,
  squeuePendingCommand,
} from './commands/squeue-pending.ts'
import { SlurmError } from './errors.ts'
import {
  parseSubmit,
  type SubmitOrder,
  type SubmitOutcome,
  submitCommand,
  submitSteps,
  submittedIn,
} from './submit-once.ts'
import type { CommandResult, Transport } from './transport.ts'

export type OnSubmitted = (at: number, outcome: SubmitOutcome) => void

export interface SlurmScheduler {
  /** Kept for factsAgeMs. */
  facts(): Promise<SlurmFacts>
  partitions(): Promise<Partition[]>
  /** What its partitions do to jobs that are to make room, by name. */
  partitionRules(): Promise<Map<string, PartitionRules>>
  /** All jobs of the user that slurmctld remembers, whatever their state. */
  listJobs(): Promise<SlurmJob[]>
  /** The user's jobs that wait (no arrays), and why; two questions, however many jobs. */
  listPending(): Promise<PendingJob[]>
  /** Jobs that accounting does not know are left out: absent, which is not an ending. */
  account(query: AccountQuery): Promise<Accounting>
  /** Harmless when the job is over, forgotten, or its id now belongs to a job of another name. */
  cancel(job: { readonly slurmJobId: string; readonly name: string }): Promise<void>
  /** Safe to call again after any failure; see submit-once.ts. */
  submitOnce(order: SubmitOrder): Promise<SubmitOutcome>
  /**
   * Several in one remote step, in order. One answer per order; what could not be told of one is its own error.
   * `onSubmitted` is told of each job as soon as it has its receipt, by the place of its order, while others are on their way.
   */
  submitMany(orders: readonly SubmitOrder[], onSubmitted?: OnSubmitted): Promise<(SubmitOutcome | SlurmError)[]>
}

export interface SlurmSchedulerOptions {
  readonly transport: Transport
  /** The Unix user whose jobs are asked about: who the transport logs in as. */
  readonly user: string
  /** In front of PATH, for clusters whose ssh shells do not find Slurm. Default null. */
  readonly slurmBinDirectory?: string | null
  /** Per question, on the cluster's side. Default 30. */
  readonly queryLimitSeconds?: number
  /** Default 45. */
  readonly sbatchLimitSeconds?: number
  /** How long after an sbatch was given up its job may still appear. Default 15. */
  readonly settleSeconds?: number
  /** Default 20. */
  readonly lockWaitSeconds?: number
  /** Default 600,000. */
  readonly factsAgeMs?: number
}

/** Beyond the limits on the cluster's side, for the way there and back. */
const SLACK_SECONDS = 15

export function createSlurmScheduler(options: SlurmSchedulerOptions): SlurmScheduler {
  const { transport, user, slurmBinDirectory = null, queryLimitSeconds = 30, sbatchLimitSeconds = 45 } = options
  const { settleSeconds = 15, lockWaitSeconds = 20, factsAgeMs = 600_000 } = options
  let facts: { readonly at: number; readonly value: SlurmFacts } | null = null

  async function ask(argv: readonly string[]): Promise<CommandResult> {
    const command = cleanCommand(argv, { slurmBinDirectory, limitSeconds: queryLimitSeconds })
    const timeLimitMs = (queryLimitSeconds + SLACK_SECONDS) * 1000
    return answerOf(await transport.exec(command, { lane: 'query', timeLimitMs }))
  }

  async function submitStep(
    orders: readonly SubmitOrder[],
    onSubmitted: OnSubmitted = () => {},
  ): Promise<(SubmitOutcome | SlurmError)[]> {
    const startWithinSeconds = lockWaitSeconds + 2 * queryLimitSeconds + Math.ceil(orders.length / 10)
    // Longer than the step takes in all but the worst case; then it goes on alone, and the next call meets its locks or receipts.
    const seconds = startWithinSeconds + sbatchLimitSeconds + SLACK_SECONDS
    const own = { user, slurmBinDirectory, lockWaitSeconds, queryLimitSeconds, sbatchLimitSeconds, settleSeconds }
    const command = submitCommand(orders, { ...own, startWithinSeconds })
    const onLine = (line: string): void => {
      const told = submittedIn(line)
      if (told !== null && told.at < orders.length) onSubmitted(told.at, told.outcome)
    }
    const result = await transport.exec(command, { lane: 'submit', timeLimitMs: seconds * 1000, onLine })
    return parseSubmit(result, orders.length)
  }

  const scheduler: SlurmScheduler = {
    async facts() {
      if (facts && performance.now() - facts.at < factsAgeMs) return facts.value
      const value = parseScontrolConfig(await ask(scontrolConfigCommand()))
      facts = { at: performance.now(), value }
      return value
    },
    partitions: async () => parseSinfo(await ask(sinfoCommand())),
    partitionRules: async () => parseScontrolPartition(await ask(scontrolPartitionCommand())),
    listJobs: async () => parseSqueue(await ask(squeueCommand({ user }))),
    async listPending() {
      const { privateData } = await scheduler.facts()
      const own = await ask(squeuePendingCommand({ user }))
      return parseSqueuePending(own, privateData.includes('jobs') ? null : await ask(squeueLineCommand()))
    },
    async account(query) {
      const answers: Accounting[] = []
      for (const command of sacctCommands({ ...query, user })) answers.push(parseSacct(await ask(command)))
      if (answers.some(({ kind }) => kind === 'off')) return { kind: 'off' }
      return { kind: 'answered', jobs: answers.flatMap(answer => (answer.kind === 'answered' ? answer.jobs : [])) }
    },
    cancel: async job => parseScancel(await ask(scancelCommand({ ...job, user }))),
    async submitOnce(order) {
      const [outcome] = await submitStep([order])
      if (!outcome || outcome instanceof SlurmError) throw outcome
      return outcome
    },
    async submitMany(orders, onSubmitted = () => {}) {
      const outcomes: (SubmitOutcome | SlurmError)[] = []
      for (const step of submitSteps(orders)) {
        // What befell the connection befell every order of the step.
        const before = outcomes.length
        const told: OnSubmitted = (at, outcome) => onSubmitted(before + at, outcome)
        const answers = await submitStep(step, told).catch(error => {
          if (error instanceof SlurmError) return step.map(() => error)
          throw error
        })
        outcomes.push(...answers)
      }
      return outcomes
    },
  }
  return scheduler
}
