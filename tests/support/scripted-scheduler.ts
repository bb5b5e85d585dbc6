// A Slurm whose jobs the test moves by hand: for words that nobody has seen, silent accounting, lost jobs and refused keys, which
// cannot be ordered from a real one. It passes tests/conformance/scheduler.ts. What that suite does not cover it refuses: partitions
// and submissions.
import assert from 'node:assert/strict'
import { type AccountedJob, type ExitCode, SlurmError, type SlurmErrorCode, type SlurmScheduler } from '@trotline/slurm'
import type { SlurmFacts } from '../../packages/slurm/src/commands/scontrol-config.ts'
import { type JobState, parseJobState } from '../../packages/slurm/src/states.ts'

/** 'lags': answers with what it had heard until then. 'away': cannot be asked, and hears nothing. */
type AccountingMood = 'on' | 'lags' | 'away' | 'off'

interface ScriptedJob {
  readonly slurmJobId: string
  readonly user: string
  readonly name: string
  readonly array: null
  readonly partition: string
  readonly submitAt: string
  state: JobState
  startAt: string | null
  endAt: string | null
  nodeList: string
  exitCode: ExitCode
  /** By slurmctld. */
  forgotten: boolean
  /** What accounting last heard of it. */
  heard: AccountedJob | null
}

/** The id that the records of job-records.ts have. */
const FIRST_ID = 17
const NODE = 'c01'
const NO_EXIT: ExitCode = { code: 0, signal: 0 }
/** squeue's reason beside a state, as recorded in tests/fixtures/slurm. */
const REASONS: Readonly<Record<string, string>> = { FAILED: 'NonZeroExitCode', TIMEOUT: 'TimeLimit' }

export class ScriptedSlurm {
  slurmctld: 'there' | 'away' = 'there'
  /** The names whose jobs slurmctld was told to cancel, whatever came of it. */
  readonly cancels: string[] = []
  readonly #jobs: ScriptedJob[] = []
  readonly #faults = new Map<string, SlurmErrorCode>()
  readonly #reasons = new Map<string, string>()
  readonly #now: () => Date
  #accounting: AccountingMood = 'on'

  constructor(now: () => Date = () => new Date()) {
    this.#now = now
  }

  get accounting(): AccountingMood {
    return this.#accounting
  }

  /** Once it is on (again), accounting hears what has happened meanwhile. */
  set accounting(mood: AccountingMood) {
    this.#accounting = mood
    for (const job of this.#jobs) this.#tell(job)
  }

  /** The job waits. Answers its id. */
  submit(user: string, name: string): string {
    const job: ScriptedJob = {
      slurmJobId: String(FIRST_ID + this.#jobs.length),
      user,
      name,
      array: null,
      partition: 'shared',
      submitAt: this.#time(),
      state: stateOf('PENDING'),
      startAt: null,
      endAt: null,
      nodeList: '',
      exitCode: NO_EXIT,
      forgotten: false,
      heard: null,
    }
    this.#jobs.push(job)
    this.#tell(job)
    return job.slurmJobId
  }

  /** A word of Slurm (one that is not over, nor known, has the job on its node), and the exit code for one that ends it. */
  become(
    slurmJobId: string,
    word: string,
    exitCode: ExitCode = word === 'FAILED' ? { code: 1, signal: 0 } : NO_EXIT,
  ): void {
    const job = this.#job(slurmJobId)
    job.state = stateOf(word)
    const { phase } = job.state
    if (phase !== 'waiting' && word !== 'CANCELLED') {
      job.startAt ??= this.#time()
      job.nodeList = NODE
    }
    if (phase === 'over') {
      job.endAt = this.#time()
      job.exitCode = exitCode
    }
    this.#tell(job)
  }

  /** squeue's reason while the job waits. */
  because(slurmJobId: string, reason: string): void {
    this.#reasons.set(slurmJobId, reason)
  }

  /** slurmctld no longer knows the job: MinJobAge is over, or it was killed before it had written the job down. */
  forget(slurmJobId: string): void {
    this.#job(slurmJobId).forgotten = true
  }

  /** Whatever this user asks fails with the code, until null. */
  fail(user: string, code: SlurmErrorCode | null): void {
    if (code === null) this.#faults.delete(user)
    else this.#faults.set(user, code)
  }

  schedulerOf(user: string): SlurmScheduler {
    let facts: SlurmFacts | null = null
    const reach = (): void => {
      const code = this.#faults.get(user)
      if (code !== undefined) throw new SlurmError(code)
    }
    const reachSlurmctld = (): void => {
      reach()
      if (this.slurmctld === 'away') throw new SlurmError('SLURM_UNREACHABLE')
    }
    const own = this.#jobs
    const remembered = () => own.filter(job => job.user === user && !job.forgotten)
    return {
      facts: async () => {
        if (facts === null) {
          reachSlurmctld()
          facts = {
            version: '22.05.8',
            clusterName: 'local',
            accounting: this.accounting !== 'off',
            minJobAgeSeconds: 300,
            killWaitSeconds: 5,
            preemptType: 'preempt/partition_prio',
            overTimeLimitSeconds: 0,
            privateData: [],
          }
        }
        return facts
      },
      listJobs: async () => {
        reachSlurmctld()
        return remembered().map(({ slurmJobId, array, name, state, partition, submitAt, startAt, endAt, nodeList }) => {
          // squeue prints the state without what sacct has behind it.
          const bare = stateOf(state.word)
          const reason =
            state.phase === 'waiting' ? (this.#reasons.get(slurmJobId) ?? 'Priority') : (REASONS[state.word] ?? null)
          return {
            slurmJobId,
            array,
            name,
            state: bare,
            reason,
            partition,
            submitAt,
            startAt,
            endAt,
            nodeList,
            restarts: 0,
          }
        })
      },
      // All in one partition, with one priority: first come, first served.
      listPending: async () => {
        reachSlurmctld()
        const waiting = own.filter(job => job.state.phase === 'waiting' && !job.forgotten)
        return waiting.flatMap(({ slurmJobId, name, partition, user: whose }, ahead) => {
          const job = {
            slurmJobId,
            name,
            partition,
            reason: 'Priority',
            priority: 10_000,
            expectedStartAt: null,
            ahead,
          }
          return whose === user ? [job] : []
        })
      },
      account: async query => {
        const asked = 'ids' in query ? query.ids : query.names
        if (asked.length === 0) return { kind: 'answered', jobs: [] }
        reach()
        if (this.accounting === 'off') return { kind: 'off' }
        if (this.accounting === 'away') throw new SlurmError('SLURM_UNREACHABLE')
        const jobs = own.flatMap(job => (job.user === user && job.heard !== null ? [job.heard] : []))
        if ('ids' in query) return { kind: 'answered', jobs: jobs.filter(job => asked.includes(job.slurmJobId)) }
        const sinceMs = Date.parse(query.since)
        const inTime = ({ endAt }: AccountedJob) => endAt === null || Date.parse(endAt) >= sinceMs
        return { kind: 'answered', jobs: jobs.filter(job => asked.includes(job.name) && inTime(job)) }
      },
      cancel: async ({ slurmJobId, name }) => {
        reachSlurmctld()
        this.cancels.push(name)
        const job = remembered().find(one => one.slurmJobId === slurmJobId && one.name === name)
        if (job && job.state.phase !== 'over') this.become(slurmJobId, 'CANCELLED')
      },
      partitions: async () => assert.fail('partitions are not scripted'),
      partitionRules: async () => assert.fail('partitions are not scripted'),
      submitOnce: async () => assert.fail('submissions are not scripted'),
      submitMany: async () => assert.fail('submissions are not scripted'),
    }
  }

  #job(slurmJobId: string): ScriptedJob {
    return this.#jobs.find(job => job.slurmJobId === slurmJobId) ?? assert.fail(`no job ${slurmJobId} was submitted`)
  }

  #tell(job: ScriptedJob): void {
    if (this.#accounting !== 'on') return
    const { slurmJobId, array, name, exitCode, partition, submitAt, startAt, endAt, nodeList } = job
    const state = job.state.word === 'CANCELLED' ? stateOf('CANCELLED by 1000') : job.state
    const times = { submitAt, eligibleAt: submitAt, startAt, endAt }
    job.heard = { slurmJobId, array, name, state, exitCode, derivedExitCode: NO_EXIT, partition, nodeList, ...times }
  }

  /** In whole seconds, as Slurm has it. */
  #time = (): string =>
    this.#now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
}

const stateOf = (raw: string): JobState => parseJobState(raw) ?? assert.fail(`not a state of Slurm: ${raw}`)
