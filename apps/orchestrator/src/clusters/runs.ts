// Reads what runs left in job directories: which there are and how far each got, results, epochs, logs.
import { EpochLine, Fence, FILES, RUN_FILES, RunId, RunResult, rankOf } from '@trotline/contracts'
import type { Transport } from '@trotline/slurm'
import { OrchestratorError } from '../errors.ts'
import { runOf } from './layout.ts'

/** How far a run got, by its files. `none`: the folder is there and nothing passed its fence. */
export type RunReach = 'none' | 'fenced' | 'heartbeat' | 'result'

export interface RunFolder {
  run: RunId
  reached: RunReach
}

const FOLDER_IS_AWAY = 9

// One line per run: directory index, run, how far it got. Names are ours, so no separator can occur in them.
// A glob finds nothing where nothing may be read, too: first the folder that holds the job directories must be entered.
const LIST = `
i=0
for d in "$@"; do
  cd -- "\${d%/*}" 2>/dev/null && [ -r . ] || { printf '%s\\n' "\${d%/*}" >&2; exit ${FOLDER_IS_AWAY}; }
  for r in "$d"/${FILES.runs}/*/; do
    [ -d "$r" ] || continue
    r=\${r%/}
    reached=none
    [ ! -e "$r/${RUN_FILES.fence}" ] || reached=fenced
    [ ! -e "$r/${RUN_FILES.heartbeat}" ] || reached=heartbeat
    [ ! -e "$r/${RUN_FILES.result}" ] || reached=result
    printf '%s %s %s\\n' "$i" "\${r##*/}" "$reached"
  done
  i=$((i + 1))
done
`
const DIRECTORIES_AT_ONCE = 200

/**
 * For each directory its runs, oldest first; none for a directory that is gone. One command for many jobs.
 *
 * @throws OrchestratorError WORK_DIR_AWAY when the folder that holds the directories is not there or cannot be read, as where
 * the file system is not mounted: nothing is known of any run
 */
export async function listRuns(transport: Transport, directories: readonly string[]): Promise<RunFolder[][]> {
  const found: RunFolder[][] = directories.map(() => [])
  for (let start = 0; start < directories.length; start += DIRECTORIES_AT_ONCE) {
    const batch = directories.slice(start, start + DIRECTORIES_AT_ONCE)
    const result = await transport.exec(['sh', '-c', LIST, 'list-runs', ...batch], {
      timeLimitMs: 30_000,
      maxOutputBytes: 8_388_608,
      lane: 'query',
    })
    if (result.exitCode === FOLDER_IS_AWAY) throw folderIsAway(result.stderr)
    if (result.exitCode !== 0) throw unreadable('list of runs', result.stderr)
    for (const line of result.stdout.split('\n').filter(text => text !== '')) {
      const [index = '', run = '', reached = ''] = line.split(' ')
      if (!RunId.safeParse(run).success) continue
      found[start + Number(index)]?.push({ run, reached: reached as RunReach })
    }
  }
  for (const runs of found) runs.sort((a, b) => rankOf(a.run) - rankOf(b.run))
  return found
}

const folderIsAway = (stderr: string): OrchestratorError =>
  new OrchestratorError(
    'WORK_DIR_AWAY',
    'The folder of the job directories is not there; is the file system mounted?',
    {
      details: { stderr: stderr.slice(0, 2_000) },
    },
  )

const IS_GONE = `cd -- "\${1%/*}" 2>/dev/null && [ -r . ] && [ ! -e "$1" ]`

/** Certainly: the folder that held the job directory is there, and the directory is not. */
export async function isGone(transport: Transport, jobDirectory: string): Promise<boolean> {
  const result = await transport.exec(['sh', '-c', IS_GONE, 'is-gone', jobDirectory], { lane: 'query' })
  return result.exitCode === 0
}

const MAX_SMALL_FILE_BYTES = 4_194_304

/** null: not there (or not visible yet). @throws RESULT_UNREADABLE when it does not fit its schema */
export async function readResult(transport: Transport, jobDirectory: string, run: RunId): Promise<RunResult | null> {
  const file = await transport.readAt(`${runOf(jobDirectory, run)}/${RUN_FILES.result}`, 0, MAX_SMALL_FILE_BYTES)
  return file === null ? null : parse(RunResult, file.bytes, `result.json of run ${run}`)
}

export async function readFence(transport: Transport, jobDirectory: string, run: RunId): Promise<Fence | null> {
  const file = await transport.readAt(`${runOf(jobDirectory, run)}/${RUN_FILES.fence}`, 0, 65_536)
  return file === null ? null : parse(Fence, file.bytes, `fence of run ${run}`)
}

function parse<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  bytes: Uint8Array,
  what: string,
): T {
  try {
    const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    if (parsed.success) return parsed.data
  } catch {
    // falls through: not JSON is as unreadable as the wrong shape
  }
  throw unreadable(what, '')
}

const unreadable = (what: string, stderr: string): OrchestratorError =>
  new OrchestratorError('RESULT_UNREADABLE', `The ${what} could not be read`, {
    details: { stderr: stderr.slice(0, 2_000) },
  })

const READ_AT_ONCE = 262_144

/**
 * The complete lines of epochs.jsonl from a byte offset on, and the offset after the last of them.
 * A half line at the end (a worker that was killed) is left for the next look. Lines that do not parse are skipped and counted.
 */
export async function readEpochLines(
  transport: Transport,
  jobDirectory: string,
  run: RunId,
  fromByte: number,
  maxBytes = 67_108_864,
): Promise<{ lines: EpochLine[]; nextByte: number; damaged: number }> {
  const path = `${runOf(jobDirectory, run)}/${RUN_FILES.epochs}`
  const decoder = new TextDecoder()
  const lines: EpochLine[] = []
  let damaged = 0
  let nextByte = fromByte
  let carry = Buffer.alloc(0)
  for (let at = fromByte; at - fromByte < maxBytes; ) {
    const slice = await transport.readAt(path, at, READ_AT_ONCE)
    if (slice === null || slice.bytes.length === 0) break
    at += slice.bytes.length
    const bytes = Buffer.concat([carry, slice.bytes])
    const end = bytes.lastIndexOf(0x0a) + 1
    for (const text of decoder.decode(bytes.subarray(0, end)).split('\n')) {
      if (text === '') continue
      const line = epochLine(text)
      if (line) lines.push(line)
      else damaged += 1
    }
    nextByte += end
    carry = bytes.subarray(end)
    if (at >= slice.sizeBytes) break
  }
  return { lines, nextByte, damaged }
}

function epochLine(text: string): EpochLine | null {
  try {
    const parsed = EpochLine.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

const TAIL_BYTES = 4_096

/** The last lines of the run's stderr, or of its stdout, or of what slurmstepd said. */
export async function readLogTail(transport: Transport, jobDirectory: string, run: RunId | null): Promise<string> {
  const candidates = [
    ...(run === null
      ? []
      : [`${runOf(jobDirectory, run)}/${RUN_FILES.stderr}`, `${runOf(jobDirectory, run)}/${RUN_FILES.stdout}`]),
    `${jobDirectory}/${FILES.slurmLog}`,
  ]
  for (const path of candidates) {
    const text = await readTail(transport, path)
    if (text.trim() !== '') return text
  }
  return ''
}

async function readTail(transport: Transport, path: string): Promise<string> {
  const size = (await transport.readAt(path, 0, 0))?.sizeBytes ?? 0
  if (size === 0) return ''
  const slice = await transport.readAt(path, Math.max(0, size - TAIL_BYTES), TAIL_BYTES)
  const text = new TextDecoder().decode(slice?.bytes ?? new Uint8Array())
  // The first line is cut unless the whole file fits.
  return size > TAIL_BYTES ? text.slice(text.indexOf('\n') + 1) : text
}
