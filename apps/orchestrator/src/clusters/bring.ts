// Brings the files of many jobs to one identity's folder in one remote step: one stream in, folders and files out, whole
// or not at all. Modes are those of ARCHITECTURE.md ("On the cluster").
//
// All of it is unpacked beside first, in .bring/<nonce>. A cut stream leaves nothing else, because its last entry is missing.
// A job that is new takes its name in one rename of its folder; where the folder is there already, each file is renamed over.
import { randomBytes } from 'node:crypto'
import { FILES } from '@trotline/contracts'
import { SlurmError, type Transport } from '@trotline/slurm'
import { OrchestratorError } from '../errors.ts'
import { type TarEntry, tarOf } from './tar.ts'

export interface JobFile {
  path: string
  content: string
  mode: number
}

export interface Bundle {
  jobId: string
  files: readonly JobFile[]
}

const WHOLE = '.whole'
const REFUSED = 3

// One line per job that could not be brought: its id, whether it is refused for good or failed for now, and why. What concerns
// all of them ends the step: 3 refused for good, anything else failed for now (a full disk, a cut stream).
// xargs -P: four fsyncs at a time share a file system's journal commits (ext4, 256 files: 45 ms instead of 95).
// sync -f would flush what others have written too, which on a shared file system is not ours to order.
const BRING = `
set -eu
umask 077
theirs() { echo "$1 belongs to somebody else" >&2; exit 3; }
own=$1/jobs/$2
[ -d "$own" ] || mkdir -m 0700 -- "$own" || [ -d "$own" ] || exit 3
if [ -L "$own" ] || [ ! -O "$own" ]; then theirs "$own"; fi
chmod 0700 -- "$own"
cd -- "$own"
[ -d .bring ] || mkdir -m 0700 .bring || [ -d .bring ]
if [ -L .bring ] || [ ! -O .bring ]; then theirs "$own/.bring"; fi
beside=$own/.bring/$3
mkdir -m 0700 -- "$beside"
trap 'rm -rf -- "$beside"' EXIT
trap 'exit 129' HUP
trap 'exit 143' TERM
cd -- "$beside"
tar -x -p -m --no-same-owner -f -
[ -e ${WHOLE} ] || { echo 'the stream was cut' >&2; exit 4; }
rm ${WHOLE}
printf '%s\\0' */*.* | LC_ALL=C xargs -0 -P 4 -n 64 sync --
mv -n -t "$own" -- * || :
for job in *; do
  [ -d "$job" ] || continue
  there=$own/$job
  if [ -L "$there" ] || [ ! -d "$there" ] || [ ! -O "$there" ]; then
    echo "$job refused $there belongs to somebody else"
    continue
  fi
  {
    { [ -d "$there/${FILES.runs}" ] || mkdir -m 0700 -- "$there/${FILES.runs}"; } &&
    mv -f -t "$there" -- "$job"/*.*
  } 2>why || { said='mv failed'; read -r said <why || :; echo "$job failed $said"; }
done
sync -- "$own" || :
`

/**
 * Those that could not be brought, each with its own reason; all others are on the cluster, synced.
 * @throws OrchestratorError DIRECTORY_REFUSED, SlurmError FILE_FAILED, SSH_*: none can be counted on
 */
export async function bringJobs(
  transport: Transport,
  workDir: string,
  unixUser: string,
  bundles: readonly Bundle[],
): Promise<Map<string, Error>> {
  const stream = tarOf([...bundles.flatMap(entriesOf), { path: WHOLE, mode: 0o600 }])
  const argv = ['bash', '--norc', '-c', BRING, 'bring-jobs', workDir, unixUser, randomBytes(8).toString('hex')]
  const { exitCode, stdout, stderr } = await transport.exec(argv, {
    stdin: stream,
    timeLimitMs: 120_000,
    maxOutputBytes: 1_048_576,
    lane: 'submit',
  })
  if (exitCode !== 0) throw trouble(exitCode === REFUSED, `The folders under ${workDir} could not be made`, stderr)
  const troubles = new Map<string, Error>()
  for (const line of stdout.split('\n').filter(text => text !== '')) {
    const [jobId = '', kind = '', ...why] = line.split(' ')
    troubles.set(jobId, trouble(kind === 'refused', `The directory of job ${jobId} could not be made`, why.join(' ')))
  }
  return troubles
}

const entriesOf = ({ jobId, files }: Bundle): TarEntry[] => [
  { path: `${jobId}/`, mode: 0o700 },
  { path: `${jobId}/${FILES.runs}/`, mode: 0o700 },
  ...files.map(({ path, content, mode }) => ({ path: `${jobId}/${path}`, content, mode })),
]

function trouble(forGood: boolean, what: string, why: string): Error {
  const message = `${what}: ${why.trim().split('\n')[0] ?? ''}`
  const details = { stderr: why.slice(0, 2_000) }
  return forGood
    ? new OrchestratorError('DIRECTORY_REFUSED', message, { details })
    : new SlurmError('FILE_FAILED', { message, details })
}
