// A job's log from a byte on, live and across its attempts, until the job is over and its last byte was told.
import { FILES, isTerminal, RUN_FILES, type Run } from '@trotline/contracts'
import { jobDirectoryOf, runOf } from '../clusters/layout.ts'
import type { JobStore } from '../store/job-store.ts'
import type { JobRecord } from '../store/record.ts'
import type { AskOwner } from './ask-owner.ts'
import type { Changes } from './changes.ts'
import { createLastLooks } from './last-looks.ts'
import type { LogFile, LogFiles } from './log-files.ts'
import { patiently } from './patiently.ts'
import { createPieceSize } from './piece-size.ts'

/** Where a reader stands: so many bytes into the log of that attempt. */
export interface LogCursor {
  attempt: number
  offset: number
}

export type LogFollowed =
  /** Bytes as they lie in the file, never cut inside a character of UTF-8; the same object for all who are told them. */
  | { kind: 'bytes'; attempt: number; offset: number; bytes: Uint8Array }
  /** The log of this attempt begins; the one before it is told to its end. */
  | { kind: 'attempt'; attempt: number; run: string; node: string | null }
  /** The job cut its file short: it is told from its beginning again. */
  | { kind: 'cut'; attempt: number; at: number }
  | { kind: 'end'; attempt: number; offset: number }
  | { kind: 'idle' }

export interface LogSources {
  jobs: Pick<JobStore, 'read'>
  changes: Pick<Changes, 'of'>
  owner: Pick<AskOwner, 'readAt'>
  files: LogFiles
  workDirOf(cluster: string): string
}

export interface LogWanted {
  /** slurm: what Slurm itself wrote for the job; one file for all attempts, told as that of the first. */
  stream: 'stdout' | 'stderr' | 'slurm'
  /** null: all attempts from the cursor's on. */
  attempt: number | null
  /** null: from the newest attempt's first byte. */
  from: LogCursor | null
  /** Of one piece at most; the first ones are smaller. */
  pieceBytes: number
  /** How long it waits for news before it shows a sign of life. */
  idleMs?: number
}

const IDLE_MS = 1_000
/** So long after the end one look is enough. */
const JUST_ENDED_MS = 60_000
/** A word about a change may be lost. */
const READ_RECORD_EVERY_MS = 10_000

export async function* followLog(
  sources: LogSources,
  jobId: string,
  wanted: LogWanted,
  signal: AbortSignal,
): AsyncGenerator<LogFollowed> {
  const { jobs, changes } = sources
  const { idleMs = IDLE_MS } = wanted
  const words = changes.of(jobId)
  let cursor = wanted.from
  let file: LogFile | null = null
  try {
    let job = await patiently(() => jobs.read(jobId), signal)
    let readAtMs = performance.now()
    const lookAgain = async (): Promise<void> => {
      job = await patiently(() => jobs.read(jobId), signal)
      readAtMs = performance.now()
    }
    let told: number | null = null
    const lastLooks = createLastLooks()
    const size = createPieceSize(wanted.pieceBytes)
    while (!signal.aborted) {
      const run = wanted.stream === 'slurm' ? SLURM_LOG : runAt(job, cursor?.attempt ?? wanted.attempt)
      if (run === null) {
        if (isTerminal(job.state)) {
          yield { kind: 'end', attempt: cursor?.attempt ?? 0, offset: cursor?.offset ?? 0 }
          return
        }
        yield { kind: 'idle' }
        await words.next(idleMs, signal)
        await lookAgain()
        continue
      }
      cursor ??= { attempt: run.attempt, offset: 0 }
      if (told !== run.attempt) {
        file?.close()
        file = open(sources, job, run, wanted.stream)
        // A reader that comes back knows where it is.
        if (told !== null || cursor.offset === 0)
          yield { kind: 'attempt', attempt: run.attempt, run: run.run, node: run.node }
        told = run.attempt
        lastLooks.anew()
      }
      const here: LogFile = file ?? open(sources, job, run, wanted.stream)
      file = here
      const { attempt, offset } = cursor
      const over = run.endedAt !== null || isTerminal(job.state) || newer(job, run) !== null
      const taking = { most: size.bytes, wholeCharacters: !(over && lastLooks.begun) }
      const piece = await patiently(() => here.take(offset, taking), signal)
      if ('cut' in piece) {
        yield { kind: 'cut', attempt, at: offset }
        cursor = { attempt, offset: 0 }
        continue
      }
      if (piece.bytes.length > 0) {
        lastLooks.anew()
        yield { kind: 'bytes', attempt, offset, bytes: piece.bytes }
        size.told(piece.bytes.length)
        cursor = { attempt, offset: offset + piece.bytes.length }
        continue
      }
      if (over) {
        const wasLast = lastLooks.nothing()
        const isLongOver = longOver(job, run)
        // It ends within a character.
        if (isLongOver && piece.seen > offset) continue
        if (wasLast || isLongOver) {
          const next = wanted.attempt === null ? newer(job, run) : null
          if (next !== null) {
            cursor = { attempt: next.attempt, offset: 0 }
            continue
          }
          if (isTerminal(job.state) || (wanted.attempt !== null && run !== SLURM_LOG)) {
            yield { kind: 'end', attempt, offset }
            return
          }
        }
      }
      await here.news(piece.seen, idleMs, signal)
      const changed = await words.next(0, signal)
      if (!changed) yield { kind: 'idle' }
      if (changed || over || performance.now() - readAtMs > READ_RECORD_EVERY_MS) await lookAgain()
    }
  } finally {
    file?.close()
    words.close()
  }
}

type Told = Pick<Run, 'attempt' | 'run' | 'node' | 'endedAt'>

const SLURM_LOG: Told = { attempt: 1, run: 'slurm', node: null, endedAt: null }

function runAt(job: JobRecord, attempt: number | null): Told | null {
  if (attempt === null) return job.runs.at(-1) ?? null
  return job.runs.find(run => run.attempt === attempt) ?? null
}

/** null: there is none, or it is in the same file. */
const newer = (job: JobRecord, run: Told): Told | null =>
  run === SLURM_LOG ? null : (job.runs.find(one => one.attempt > run.attempt) ?? null)

function longOver(job: JobRecord, { endedAt }: Told): boolean {
  const at = endedAt ?? job.endedAt
  return at !== null && Date.now() - Date.parse(at) > JUST_ENDED_MS
}

function open(
  { owner, files, workDirOf }: LogSources,
  job: JobRecord,
  run: Told,
  stream: LogWanted['stream'],
): LogFile {
  const directory = jobDirectoryOf(workDirOf(job.cluster), job.identity.unixUser, job.id)
  const path =
    stream === 'slurm' ? `${directory}/${FILES.slurmLog}` : `${runOf(directory, run.run)}/${RUN_FILES[stream]}`
  const identity = job.identity.name
  return files.open(`${job.cluster} ${identity} ${path}`, (offset, lengthBytes) =>
    owner.readAt(job.cluster, { identity, path, offset, lengthBytes }),
  )
}
