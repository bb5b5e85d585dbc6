// What a busy site's store holds after some months: jobs of many owners, most of them over, each with its events, epochs and result,
// written by the store's own code as the server writes them: stored, moved on, its epochs reported and sealed.
import type { Epoch, JobEvent, JobRequest, JobState } from '@trotline/contracts'
import type { JobRecord } from '../../apps/orchestrator/src/store/record.ts'
import { record, request, sha256, slurmView, trainingReport } from '../support/job-records.ts'
import type { OpenStore } from './store.ts'

export const OWNERS = Array.from({ length: 50 }, (_, i) => ({ id: `owner-${i}`, name: `Owner ${i}` }))
export const NAMES = Array.from({ length: 200 }, (_, i) => `training-${i}`)
export const TEAMS = ['crabs', 'fish', 'krill'] as const
const PARTITIONS = ['shared', 'gpu', 'long'] as const
/** What each job has reported that ran. */
export const EPOCHS_EACH = 20

const AT_ONCE = 200
const MADE_WITHIN_MS = 90 * 24 * 3_600_000

/** Of a hundred jobs, and the way that each has gone. */
const STATES: readonly { share: number; path: readonly JobState[] }[] = [
  { share: 86, path: ['prepared', 'pending', 'running', 'finishing', 'completed'] },
  { share: 7, path: ['prepared', 'pending', 'running', 'finishing', 'failed'] },
  { share: 4, path: ['prepared', 'pending', 'running', 'finishing', 'cancelled'] },
  { share: 2, path: ['prepared', 'pending'] },
  { share: 1, path: ['prepared', 'pending', 'running'] },
]

export type Random = () => number

/** Evenly in [0, 1), the same on every machine (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Throws where there is none: whoever picks from nothing has a fault. */
export function pick<T>(all: readonly T[], random: Random): T {
  const one = all[Math.floor(random() * all.length)]
  if (one === undefined) throw new TypeError('nothing to pick from')
  return one
}

export interface WrittenJob {
  id: string
  owner: string
}

/** Oldest first. */
export async function writeJobs(store: OpenStore, count: number, say: (line: string) => void): Promise<WrittenJob[]> {
  const random = createRandom(count)
  const firstMs = Date.now() - MADE_WITHIN_MS
  const written: WrittenJob[] = []
  while (written.length < count) {
    const many = Math.min(AT_ONCE, count - written.length)
    const part = Array.from({ length: many }, (_, i) => firstMs + ((written.length + i) * MADE_WITHIN_MS) / count)
    written.push(...(await Promise.all(part.map(createdMs => writeJob(store, Math.floor(createdMs), random)))))
    if (written.length % 25_000 === 0) say(`${written.length} jobs are stored`)
  }
  return written
}

async function writeJob({ jobs, epochs }: OpenStore, createdMs: number, random: Random): Promise<WrittenJob> {
  const at = (seconds: number): string => new Date(createdMs + seconds * 1000).toISOString()
  const made = acceptedJob(random, at(0))
  const path = pathAt(random() * 100)
  const state = path.at(-1) ?? 'accepted'
  const next = movedOn(made, state, at, random)
  const events = path.map((to, i) => moveTo(path[i - 1] ?? 'accepted', to, at(i + 1)))
  await jobs.create(made, [moveTo(null, 'accepted', at(0))], { secret: 'k'.repeat(43), idempotency: null })
  await jobs.commit(made, next, events, null)
  const written = { id: made.id, owner: made.owner.id }
  if (state === 'pending') return written
  await epochs.put(made.id, epochLines(at, random))
  if (state !== 'running') await epochs.seal(made.id)
  return written
}

function pathAt(place: number): readonly JobState[] {
  let left = place
  for (const { share, path } of STATES) {
    if (left < share) return path
    left -= share
  }
  throw new TypeError('the shares of the states are not a hundred')
}

function acceptedJob(random: Random, at: string): JobRecord {
  const labels = { ...(random() < 0.5 ? { team: pick(TEAMS, random) } : {}), ...(random() < 0.2 ? { sweep: 'a' } : {}) }
  const asked = request(
    { partition: pick(PARTITIONS, random), cpus: 4, memoryMiB: 8_192 },
    { name: pick(NAMES, random), labels, training: trainingOf(random) },
  )
  return record(
    {
      ...{ owner: pick(OWNERS, random), name: asked.name, request: asked },
      ...{ createdAt: at, updatedAt: at },
    },
    { dueAt: null },
  )
}

function trainingOf(random: Random): JobRequest['training'] {
  const kind = random()
  const seed = Math.floor(random() * 1_000_000)
  const preset = (training: object): JobRequest['training'] =>
    request({}, { training: { kind: 'preset', epochs: EPOCHS_EACH, seed, ...training } as never }).training
  if (kind < 0.6) return preset({ preset: 'auto-mpg' })
  if (kind < 0.8) return preset({ preset: 'fashion-mnist', directory: '/scratch/data/fashion' })
  const command = ['python3', 'train.py', '--rate', String(random())]
  return request({}, { training: { kind: 'command', command, epochs: EPOCHS_EACH, seed } }).training
}

/** As the server has it when the last of its moves was written. */
function movedOn(made: JobRecord, state: JobState, at: (seconds: number) => string, random: Random): JobRecord {
  const slurmJobId = String(1 + Math.floor(random() * 5_000_000))
  const node = `c${Math.floor(random() * 400)}`
  const ran = state !== 'pending'
  const over = ran && state !== 'running'
  const submissions = made.submissions.map(one => ({ ...one, slurmJobId, elapsedSeconds: over ? 1800 : null }))
  const view = {
    ...{ jobId: slurmJobId, name: `tl-${made.id}-1`, seenAt: at(1_830) },
    ...{ submitTime: at(3), startTime: ran ? at(30) : null, endTime: over ? at(1_830) : null },
    ...(over ? { source: 'sacct' as const, exitCode: state === 'completed' ? '0:0' : '1:0', nodes: node } : {}),
  }
  const words = { completed: 'COMPLETED', failed: 'FAILED', cancelled: 'CANCELLED', running: 'RUNNING' }
  return {
    ...made,
    state,
    submissions,
    updatedAt: at(1_831),
    endedAt: over ? at(1_831) : null,
    slurm: slurmView({
      ...view,
      state: words[state as keyof typeof words] ?? 'PENDING',
      reason: ran ? null : 'Priority',
    }),
    runs: ran
      ? [
          {
            ...{ run: '1-0', attempt: 1, slurmJobId, node, resumed: null, startedAt: at(30) },
            ...(over ? { endedAt: at(1_830), ending: 'COMPLETED' } : { endedAt: null, ending: null }),
          },
        ]
      : [],
    worker: ran ? { release: sha256('release'), runtime: 'v20.20.2' } : null,
    cancelRequestedAt: state === 'cancelled' ? at(1_800) : null,
    result: state === 'completed' ? reportOf(random) : null,
    failure:
      state === 'failed'
        ? {
            reason: 'exit-code',
            detail: 'The training ended with exit code 1 after 1,800 s.',
            action: 'Look at the end of its log.',
            evidence: [`sacct: ${slurmJobId}|FAILED|1:0`, 'result.json: there is none'],
            logTail: 'Traceback (most recent call last):\n  File "train.py", line 14, in <module>\n'.repeat(8),
          }
        : null,
    inner: { ...made.inner, script: '#!/bin/bash\n#SBATCH --parsable\n'.repeat(40), submitIntentAt: at(3) },
  }
}

const VALUES = ['loss', 'val_loss', 'mae', 'val_mae'] as const
const valuesOf = (random: Random): Record<string, number> =>
  Object.fromEntries(VALUES.map(name => [name, random() * 10]))

const reportOf = (random: Random) =>
  trainingReport({
    ...{ epochs: EPOCHS_EACH, metrics: valuesOf(random), fitSeconds: random() * 1_800 },
    history: Array.from({ length: 5 }, () => valuesOf(random)),
    layers: [64, 64, 1].map((units, i) => ({
      name: `dense_${i}`,
      type: 'Dense',
      outputShape: [units],
      params: units * 10,
    })),
    weightsSha256: sha256(String(random())),
    artifacts: ['model.json', 'weights.bin', 'history.json', 'evaluation.json', 'summary.txt'].map(path => ({
      ...{ path, bytes: Math.floor(random() * 1e6), sha256: sha256(path) },
    })),
  })

const epochLines = (at: (seconds: number) => string, random: Random): Epoch[] =>
  Array.from({ length: EPOCHS_EACH }, (_, epoch) => ({
    ...{ epoch, at: at(30 + epoch * 90), seconds: random() * 90, values: valuesOf(random), run: '1-0', attempt: 1 },
  }))

const moveTo = (from: JobState | null, to: JobState, at: string): JobEvent => ({
  ...{ type: 'state', at, from, to, detail: 'As squeue and the run itself say.' },
  evidence: [`squeue: 4711|${to}|None|c17`],
})
