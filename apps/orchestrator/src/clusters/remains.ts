// What job directories hold, read from outside any record: for making records anew. Nothing here is believed because of
// where it lies: job.json must name the directory it was found in (lifecycle/recover.ts).
import { Fence, FILES, JobFile, JobId, JobSpec, ReportAccess, RUN_FILES, RunId, rankOf } from '@trotline/contracts'
import type { Transport } from '@trotline/slurm'
import { z } from 'zod'
import { OrchestratorError } from '../errors.ts'
import { jobsOf } from './layout.ts'
import type { RunReach } from './runs.ts'

export interface RunRemains {
  run: RunId
  reached: RunReach
  fence: Fence | null
}

export interface JobRemains {
  id: string
  job: JobFile | null
  /** Why there is no `job`. */
  fault: string
  /** The key that signs the job's reports; null: not there, or not readable. */
  key: string | null
  release: string | null
  /** Submission numbers with a tried file. */
  tried: number[]
  /** By submission number: the Slurm job, and when the receipt says that it was taken. */
  receipts: Map<number, { slurmJobId: string; at: string | null }>
  refused: number[]
  /** The time in the `cancelled` mark; '' where it holds none; null: no mark. */
  cancelled: string | null
  /** How the record ended, in Slurm's word; null: no mark. */
  ended: string | null
  /** Oldest first. */
  runs: RunRemains[]
}

const UNIT = '\x1f'
const END = '\x1e'
const DIRECTORIES_AT_ONCE = 100
/** job.json with a hundred submissions and their evidence is half of this. */
const MAX_FILE_BYTES = 1_048_576

const LIST_IDS = `
shopt -s nullglob
[ -d "$1" ] || { echo no-jobs-folder; exit 0; }
[ -e "$2" ] || exit 0
cd -- "$2" || exit 3
printf '%s\\n' */
`

// One line of fields per finding. Files are read by builtins: a fork for each of ten files of ten thousand jobs would take minutes.
// JSON holds neither separator; whatever else does must not be taken for one.
const READ = `
export LC_ALL=C
shopt -s nullglob
cd -- "$1" || exit 3
shift
tell() { printf '%s\\x1f%s\\x1f%s\\x1f%s\\x1e' "$1" "$2" "$3" "\${4//[$'\\x1e\\x1f']/}"; }
file() {
  local text=
  if ! { exec 8<"$3"; } 2>/dev/null; then tell "$1" unreadable "$2" ''; return; fi
  IFS= read -r -d '' -N ${MAX_FILE_BYTES} -u 8 text
  exec 8<&-
  tell "$1" file "$2" "$text"
}
for id in "$@"; do
  [ -d "$id" ] && [ ! -L "$id" ] || { tell "$id" gone '' ''; continue; }
  tell "$id" directory '' ''
  for path in "$id"/${FILES.job} "$id"/${FILES.spec} "$id"/${FILES.report} "$id"/${FILES.cancelled} "$id"/${FILES.ended} "$id"/receipt-*.json; do
    [ ! -e "$path" ] || file "$id" "\${path##*/}" "$path"
  done
  for path in "$id"/tried-* "$id"/refused-*; do tell "$id" name "\${path##*/}" ''; done
  for run in "$id"/${FILES.runs}/*/; do
    run=\${run%/}
    reached=none
    [ ! -e "$run/${RUN_FILES.fence}" ] || reached=fenced
    [ ! -e "$run/${RUN_FILES.heartbeat}" ] || reached=heartbeat
    [ ! -e "$run/${RUN_FILES.result}" ] || reached=result
    tell "$id" run "\${run##*/}" "$reached"
    [ ! -e "$run/${RUN_FILES.fence}" ] || file "$id" "fence \${run##*/}" "$run/${RUN_FILES.fence}"
  done
done
`

/**
 * null: there is no jobs folder at all, as on a new cluster, or where the file system is not mounted.
 * @throws SlurmError, OrchestratorError RESULT_UNREADABLE when it could not be asked
 */
export async function listJobDirectories(
  transport: Transport,
  { workDir, unixUser }: { workDir: string; unixUser: string },
): Promise<string[] | null> {
  const own = jobsOf(workDir, unixUser)
  const text = await ask(transport, LIST_IDS, [own.slice(0, own.lastIndexOf('/')), own])
  if (text === 'no-jobs-folder\n') return null
  return text
    .split('\n')
    .map(line => line.replace(/\/$/, ''))
    .filter(name => JobId.safeParse(name).success)
}

/** A directory that is gone meanwhile is left out. @throws as listJobDirectories */
export async function* readRemains(
  transport: Transport,
  { workDir, unixUser }: { workDir: string; unixUser: string },
  ids: readonly string[],
): AsyncGenerator<JobRemains[]> {
  for (let start = 0; start < ids.length; start += DIRECTORIES_AT_ONCE) {
    const some = ids.slice(start, start + DIRECTORIES_AT_ONCE)
    yield remainsIn(await ask(transport, READ, [jobsOf(workDir, unixUser), ...some]))
  }
}

async function ask(transport: Transport, script: string, argv: string[]): Promise<string> {
  const result = await transport.exec(['bash', '--norc', '-c', script, 'read-remains', ...argv], {
    timeLimitMs: 120_000,
    maxOutputBytes: 268_435_456,
    lane: 'query',
  })
  if (result.exitCode === 0) return result.stdout
  throw new OrchestratorError('RESULT_UNREADABLE', `The job directories in ${argv[0]} could not be read`, {
    details: { exitCode: result.exitCode, stderr: result.stderr.slice(0, 2_000) },
  })
}

export function remainsIn(text: string): JobRemains[] {
  const found = new Map<string, JobRemains>()
  for (const row of text.split(END).filter(part => part !== '')) {
    const [id = '', kind = '', name = '', content = ''] = row.split(UNIT)
    if (kind === 'directory') found.set(id, empty(id))
    const remains = found.get(id)
    if (remains) take(remains, kind, name, content)
  }
  for (const remains of found.values()) remains.runs.sort((a, b) => rankOf(a.run) - rankOf(b.run))
  return [...found.values()]
}

const empty = (id: string): JobRemains => ({
  id,
  job: null,
  fault: 'there is no job.json in it',
  key: null,
  release: null,
  tried: [],
  receipts: new Map(),
  refused: [],
  cancelled: null,
  ended: null,
  runs: [],
})

const Receipt = z.looseObject({
  slurmJobId: z.string().regex(/^\d+$/),
  at: z.iso.datetime().optional().catch(undefined),
})

function take(remains: JobRemains, kind: string, name: string, content: string): void {
  const number = Number(/^(?:tried|refused|receipt)-(\d{1,6})(?:\.\w+)?$/.exec(name)?.[1] ?? 0)
  if (kind === 'run') {
    if (RunId.safeParse(name).success) remains.runs.push({ run: name, reached: content as RunReach, fence: null })
  } else if (kind === 'name') {
    if (number > 0 && name.startsWith('tried-')) remains.tried.push(number)
    if (number > 0 && name.startsWith('refused-')) remains.refused.push(number)
  } else if (name === FILES.job) {
    if (kind === 'unreadable') remains.fault = 'its job.json may not be read'
    else {
      remains.job = parsed(JobFile, content)
      remains.fault = 'its job.json does not fit its schema'
    }
  } else if (kind === 'unreadable') {
    // A receipt that is there and cannot be read still says that its submission was tried.
    if (number > 0) remains.tried.push(number)
  } else if (name === FILES.spec) remains.release = parsed(JobSpec, content)?.release ?? null
  else if (name === FILES.report) remains.key = parsed(ReportAccess, content)?.key ?? null
  else if (name === FILES.cancelled) remains.cancelled = content.trim()
  else if (name === FILES.ended) remains.ended = content.trim()
  else if (name.startsWith('fence ')) {
    const run = remains.runs.find(candidate => `fence ${candidate.run}` === name)
    if (run) run.fence = parsed(Fence, content)
  } else if (number > 0) {
    const receipt = parsed(Receipt, content)
    if (receipt) remains.receipts.set(number, { slurmJobId: receipt.slurmJobId, at: receipt.at ?? null })
    else remains.tried.push(number)
  }
}

function parsed<T>(schema: z.ZodType<T>, content: string): T | null {
  try {
    const answer = schema.safeParse(JSON.parse(content))
    return answer.success ? answer.data : null
  } catch {
    return null
  }
}
