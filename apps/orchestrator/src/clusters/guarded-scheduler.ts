// The scheduler, left alone while slurmctld is unwell. Only what slurmctld answers counts: sacct asks slurmdbd and goes through,
// and files of the same login node are read all the while.
import {
  createSlurmScheduler,
  type ExecOptions,
  SlurmError,
  type SlurmScheduler,
  type SubmitOrder,
  submitSteps,
  type Transport,
} from '@trotline/slurm'
import type { BreakerSettings } from '../config.ts'
import { isCoded } from '../errors.ts'
import { commandKindOf } from './command-kind.ts'
import { createResting, type Resting } from './resting.ts'

/** `scontrol ping` gives up by itself after MessageTimeout (10 s by default). */
const PING_LIMIT_SECONDS = 15

interface Options {
  cluster: string
  identity: string
  unixUser: string
  transport: Transport
  breaker: BreakerSettings
  onRefused(): void
  /** Before steps that have orders to look up, with their number. @throws they may not be made now */
  beforeLookUps(steps: number, submits: boolean): Promise<void>
}

export function guardScheduler(options: Options): { scheduler: SlurmScheduler; resting: Resting } {
  const { cluster, identity, unixUser, transport, breaker, onRefused, beforeLookUps } = options
  const resting = createResting({
    cluster,
    identity,
    part: 'slurmctld',
    settings: breaker,
    onRefused,
    probe: () => ping(transport),
  })

  // Timed on the way, where waiting at a ceiling or for a channel is not counted. Steps that submit wait for locks and for
  // sbatch itself: how long they take says nothing about slurmctld.
  let commands = 0
  let slow: { atMs: number; seconds: number } | null = null
  const timed: Transport = Object.assign(Object.create(transport) as Transport, {
    async exec(argv: readonly string[], execOptions: ExecOptions = {}) {
      commands += 1
      const result = await transport.exec(argv, execOptions)
      const seconds = result.durationMs / 1000
      const kind = commandKindOf(argv, execOptions.lane ?? 'submit')
      if (kind !== 'other' && kind !== 'sacct' && seconds > breaker.slowAnswerSeconds)
        slow = { atMs: Date.now(), seconds }
      return result
    },
  })
  const inner = createSlurmScheduler({ transport: timed, user: unixUser })

  async function ask<T>(call: () => Promise<T>): Promise<T> {
    resting.pass()
    const startedAtMs = Date.now()
    const before = commands
    try {
      const answer = await call()
      // Remembered facts say nothing about slurmctld now.
      if (commands === before) return answer
      if (Array.isArray(answer) && answer.length > 0 && answer.every(isUnreachable))
        resting.failed(answer[0] as SlurmError, startedAtMs)
      else if (slow !== null && slow.atMs >= startedAtMs)
        resting.failed({ code: 'SLURM_SLOW', message: `An answer took ${Math.round(slow.seconds)} s` }, startedAtMs)
      else resting.answered()
      return answer
    } catch (error) {
      if (isCoded(error) && error.code === 'SLURM_UNREACHABLE') resting.failed(error, startedAtMs)
      throw error
    }
  }

  async function payFor(orders: readonly SubmitOrder[]): Promise<void> {
    const lookUps = submitSteps(orders).filter(step => step.some(order => order.triedSecondsAgo !== undefined)).length
    const submits = orders.some(({ mode }) => mode === 'submit')
    if (lookUps > 0) await beforeLookUps(lookUps, submits)
  }

  // Each by its name: a new question has to be decided about here.
  const scheduler: SlurmScheduler = {
    account: query => inner.account(query),
    facts: () => ask(() => inner.facts()),
    partitions: () => ask(() => inner.partitions()),
    partitionRules: () => ask(() => inner.partitionRules()),
    listJobs: () => ask(() => inner.listJobs()),
    listPending: () => ask(() => inner.listPending()),
    cancel: job => ask(() => inner.cancel(job)),
    submitOnce: order => ask(() => payFor([order]).then(() => inner.submitOnce(order))),
    submitMany: (orders, onSubmitted) => ask(() => payFor(orders).then(() => inner.submitMany(orders, onSubmitted))),
  }
  return { scheduler, resting }
}

const isUnreachable = (outcome: unknown): boolean =>
  outcome instanceof SlurmError && outcome.code === 'SLURM_UNREACHABLE'

// man scontrol, ping: one small RPC. 22.05 ends with 0 whatever it found, so the text decides: "Slurmctld(primary) at host is UP".
async function ping(transport: Transport): Promise<void> {
  const result = await transport.exec(['timeout', '--kill-after=5', String(PING_LIMIT_SECONDS), 'scontrol', 'ping'], {
    lane: 'query',
    timeLimitMs: (PING_LIMIT_SECONDS + 10) * 1000,
    maxOutputBytes: 65_536,
  })
  if (/ is UP\b/.test(result.stdout)) return
  const told = `${result.stdout}\n${result.stderr}`.trim().split('\n')[0] ?? ''
  throw new SlurmError('SLURM_UNREACHABLE', { message: `scontrol ping: ${told || `ended with ${result.exitCode}`}` })
}
