// Where environments lie on a cluster, and what of it is read from here. What the files hold: contracts/environment-directory.ts.
import {
  BuildState,
  ENVIRONMENT_FILES,
  type EnvironmentForm,
  MadeEnvironment,
  type RunEnvironment,
} from '@trotline/contracts'
import type { Transport } from '@trotline/slurm'
import type { ClusterSettings } from '../config.ts'
import { OrchestratorError } from '../errors.ts'

export const environmentsOf = (workDir: string): string => `${workDir}/environments`
export const prefixOf = (workDir: string, lock: string): string => `${environmentsOf(workDir)}/${lock}`
export const buildOf = (workDir: string, lock: string): string =>
  `${environmentsOf(workDir)}/${ENVIRONMENT_FILES.builds}/${lock}`
export const buildLogOf = (workDir: string, lock: string): string =>
  `${buildOf(workDir, lock)}/${ENVIRONMENT_FILES.log}`
/** Archives that this server has brought, by their sha256. */
export const archivesOf = (workDir: string): string =>
  `${environmentsOf(workDir)}/${ENVIRONMENT_FILES.packages}/archives`

/** What a run is told of the environment that it is to run in. @param prefix as its maker told it; null: where it lies by rule */
export function runEnvironmentOf(
  { workDir, environments }: Pick<ClusterSettings, 'workDir' | 'environments'>,
  lock: string,
  form: EnvironmentForm,
  prefix: string | null = null,
): RunEnvironment {
  const scratch = form === 'packed' ? environments.scratch : null
  return { lockId: lock, root: environmentsOf(workDir), form, place: scratch ?? prefix ?? prefixOf(workDir, lock) }
}

// Readable by all, written by the service identity only, which is who makes it. Files of the directory's earlier tries stay: their
// names carry the number of their try, and the highest of them is told.
const MAKE = `
set -eu
umask 022
mkdir -p -- "$1"
cd -- "$1"
if [ -L . ] || [ ! -O . ]; then echo "$1 belongs to somebody else" >&2; exit 3; fi
for folder in "$3" "$4" "$5" "$5/archives" "$6" "$7" "$3/$2"; do
  [ -d "$folder" ] || mkdir -m 0755 -- "$folder" || [ -d "$folder" ]
  if [ -L "$folder" ] || [ ! -O "$folder" ]; then echo "$1/$folder belongs to somebody else" >&2; exit 3; fi
done
cd -- "$3/$2"
for file in make-* tried-* receipt-* refused-*; do
  [ -e "$file" ] || continue
  number=\${file#*-}
  printf '%s\\n' "\${number%%.*}"
done
`

/**
 * Makes the folders that a build needs. Answers the highest number of a try that has left something there; 0: there was none.
 * @throws OrchestratorError DIRECTORY_REFUSED, SlurmError SSH_*
 */
export async function makeBuildDirectory(transport: Transport, workDir: string, lock: string): Promise<number> {
  const { made, builds, locks, packages, quarantine } = ENVIRONMENT_FILES
  const argv = [
    'sh',
    '-c',
    MAKE,
    'make-build',
    environmentsOf(workDir),
    lock,
    builds,
    locks,
    packages,
    made,
    quarantine,
  ]
  const { exitCode, stdout, stderr } = await transport.exec(argv, SMALL)
  if (exitCode !== 0) {
    const why = stderr.trim().split('\n')[0] ?? ''
    throw new OrchestratorError(
      'DIRECTORY_REFUSED',
      `The folders under ${workDir}/environments could not be made: ${why}`,
    )
  }
  const numbers = stdout.split('\n').map(line => (/^\d{1,9}$/.test(line) ? Number(line) : 0))
  return Math.max(0, ...numbers)
}

const SMALL = { timeLimitMs: 30_000, maxOutputBytes: 1_048_576, lane: 'submit' } as const
const MOST_STATE_BYTES = 262_144

/** What the maker says of itself; null: nothing (yet), or nothing that can be read. */
export async function readBuildState(transport: Transport, workDir: string, lock: string): Promise<BuildState | null> {
  const text = await readSmall(transport, `${buildOf(workDir, lock)}/${ENVIRONMENT_FILES.state}`)
  return text === null ? null : (BuildState.safeParse(jsonOf(text)).data ?? null)
}

/** null: it is not made. */
export async function readMade(transport: Transport, workDir: string, lock: string): Promise<MadeEnvironment | null> {
  const text = await readSmall(transport, `${environmentsOf(workDir)}/${ENVIRONMENT_FILES.made}/${lock}.json`)
  return text === null ? null : (MadeEnvironment.safeParse(jsonOf(text)).data ?? null)
}

/** A file whole; null: there is none, or it is larger than any of these is. */
export async function readSmall(transport: Transport, path: string, most = MOST_STATE_BYTES): Promise<string | null> {
  const slice = await transport.readAt(path, 0, most)
  return slice === null || slice.sizeBytes > most ? null : new TextDecoder().decode(slice.bytes)
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
