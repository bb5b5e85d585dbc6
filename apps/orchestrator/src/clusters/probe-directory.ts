// The folder of one look at a node, <workDir>/probes/<look>/: made before its Slurm job, gone when its answer is stored. Only the
// service identity uses it. A look's name holds its kind, so that a look that the store has lost is found in Slurm.
import { createHash, randomBytes } from 'node:crypto'
import type { SlurmJob, Transport } from '@trotline/slurm'
import { OrchestratorError } from '../errors.ts'
import { MOST_LOOK_BYTES } from './node-look.ts'
import { LOOK_FILE, PROBE_LOG_FILE } from './probe-script.ts'

const PREFIX = 'tl-probe-'

/** Two installations of one Unix user tell their looks apart by their workDir. */
const stem = (workDir: string, kind: string): string =>
  createHash('sha256').update(`${workDir}\n${kind}`).digest('hex').slice(0, 8)

export const newLook = (workDir: string, kind: string): string =>
  `${stem(workDir, kind)}-${randomBytes(4).toString('hex')}`
export const slurmNameOfLook = (look: string): string => `${PREFIX}${look}`
export const directoryOfLook = (workDir: string, look: string): string => `${workDir}/probes/${look}`

/** A look at this kind that Slurm still has; null: there is none. */
export function lookInSlurm(workDir: string, kind: string, listed: readonly SlurmJob[]): string | null {
  const ours = `${PREFIX}${stem(workDir, kind)}-`
  return (
    listed.find(({ name, state }) => name.startsWith(ours) && state.phase !== 'over')?.name.slice(PREFIX.length) ?? null
  )
}

const MAKE = `
set -eu
umask 022
mkdir -p -- "$1"
cd -- "$1"
[ -d probes ] || mkdir -m 0700 -- probes || [ -d probes ]
if [ -L probes ] || [ ! -O probes ]; then echo "$1/probes belongs to somebody else" >&2; exit 3; fi
[ -d "probes/$2" ] || mkdir -m 0700 -- "probes/$2"
`

/** @throws OrchestratorError DIRECTORY_REFUSED */
export async function makeLookDirectory(transport: Transport, workDir: string, look: string): Promise<void> {
  const { exitCode, stderr } = await transport.exec(['sh', '-c', MAKE, 'make-look', workDir, look], SMALL)
  if (exitCode === 0) return
  const why = stderr.trim().split('\n')[0] ?? ''
  throw new OrchestratorError('DIRECTORY_REFUSED', `The folder ${workDir}/probes could not be made: ${why}`)
}

/** A folder that stays is harmless. */
export async function removeLookDirectory(transport: Transport, workDir: string, look: string): Promise<void> {
  await transport.exec(['rm', '-rf', '--', directoryOfLook(workDir, look)], SMALL)
}

const SMALL = { timeLimitMs: 30_000, maxOutputBytes: 65_536, lane: 'submit' } as const

/** What the look left; null: nothing (yet). */
export async function readLookFile(transport: Transport, workDir: string, look: string): Promise<string | null> {
  const file = await transport.readAt(`${directoryOfLook(workDir, look)}/${LOOK_FILE}`, 0, MOST_LOOK_BYTES)
  return file === null ? null : new TextDecoder().decode(file.bytes)
}

const TAIL_BYTES = 500

/** The last words of its log, on one line. */
export async function readLookLog(transport: Transport, workDir: string, look: string): Promise<string> {
  const path = `${directoryOfLook(workDir, look)}/${PROBE_LOG_FILE}`
  const size = (await transport.readAt(path, 0, 0))?.sizeBytes ?? 0
  const slice = await transport.readAt(path, Math.max(0, size - TAIL_BYTES), TAIL_BYTES)
  return new TextDecoder()
    .decode(slice?.bytes ?? new Uint8Array())
    .trim()
    .replaceAll(/\s+/g, ' ')
}
