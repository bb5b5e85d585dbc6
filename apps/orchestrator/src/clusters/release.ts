// Brings a worker release to a cluster, once, when the first job needs it, and proves before each use that it is whole: its files are
// checked against the manifest we hold here, not against a marker that lies beside them.
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type JobRequest, needsTensorLibrary, Sha256 } from '@trotline/contracts'
import type { Transport } from '@trotline/slurm'
import { z } from 'zod'
import { OrchestratorError } from '../errors.ts'
import { releaseOf, releasesOf } from './layout.ts'

const Current = z.strictObject({ plain: Sha256, withTensorLibrary: Sha256 })

const Manifest = z.object({
  files: z
    .array(z.object({ path: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/), sha256: z.string(), bytes: z.int() }))
    .min(1),
})

export interface WorkerRelease {
  id: string
  /** Where the build lies on this machine; null: it lies on the cluster only. */
  directory: string | null
  files: { path: string; sha256: string }[]
  manifest: string
}

export interface WorkerReleases {
  /** Without the tensor library. */
  plain: WorkerRelease
  withTensorLibrary: WorkerRelease
}

/** The one that the job's worker is started from. The same request is always given the same one. */
export function releaseFor({ training, resources }: JobRequest, releases: WorkerReleases): WorkerRelease {
  // What a command computes with is its own business.
  if (training.kind === 'command') return releases.plain
  return needsTensorLibrary(training, resources) ? releases.withTensorLibrary : releases.plain
}

/** @throws OrchestratorError RELEASE_MISSING when `npm run build` has not been run */
export async function readReleases(releaseDirectory: string): Promise<WorkerReleases> {
  try {
    const current = Current.parse(JSON.parse(await readFile(join(releaseDirectory, 'current.json'), 'utf8')))
    return {
      plain: await readRelease(join(releaseDirectory, current.plain), current.plain),
      withTensorLibrary: await readRelease(
        join(releaseDirectory, current.withTensorLibrary),
        current.withTensorLibrary,
      ),
    }
  } catch (cause) {
    throw new OrchestratorError(
      'RELEASE_MISSING',
      `There is no worker release in ${releaseDirectory}: run npm run build`,
      { cause },
    )
  }
}

async function readRelease(directory: string, id: string): Promise<WorkerRelease> {
  const manifest = await readFile(join(directory, 'manifest.json'), 'utf8')
  if (createHash('sha256').update(manifest).digest('hex') !== id)
    throw new Error('manifest.json does not have the hash it is named by')
  return { id, directory, manifest, files: parseManifest(manifest) }
}

/** An earlier build that lies beside the present ones and is whole; null: it does not, or is not. */
export async function olderRelease({ plain }: WorkerReleases, id: string): Promise<WorkerRelease | null> {
  if (plain.directory === null || !Sha256.safeParse(id).success) return null
  const directory = join(dirname(plain.directory), id)
  try {
    const release = await readRelease(directory, id)
    for (const file of release.files) {
      const content = await readFile(join(directory, file.path))
      if (createHash('sha256').update(content).digest('hex') !== file.sha256) return null
    }
    return release
  } catch {
    return null
  }
}

export const parseManifest = (text: string): WorkerRelease['files'] => Manifest.parse(JSON.parse(text)).files

/** Is it there and whole? An answer either way; throws only when the cluster could not be asked. */
export async function releaseIsWhole(transport: Transport, workDir: string, release: WorkerRelease): Promise<boolean> {
  const expected = [{ path: 'manifest.json', sha256: release.id }, ...release.files]
  const list = expected.map(file => `${file.sha256}  ${releaseOf(workDir, release.id)}/${file.path}\n`).join('')
  const result = await transport.exec(['sha256sum', '--check', '--quiet', '--strict', '-'], {
    stdin: list,
    timeLimitMs: 60_000,
    maxOutputBytes: 65_536,
    lane: 'submit',
  })
  return result.exitCode === 0
}

/** Between two proofs over the same connection. The files are read-only and named by their hash. */
const PROVED_FOR_MS = 60_000
const proved = new WeakMap<Transport, Map<string, number>>()

/** As releaseIsWhole; an answer "whole" over this connection holds for a minute. */
export async function releaseWasWhole(transport: Transport, workDir: string, release: WorkerRelease): Promise<boolean> {
  const times = ofTransport(proved, transport)
  const at = performance.now()
  if (at - (times.get(release.id) ?? Number.NEGATIVE_INFINITY) < PROVED_FOR_MS) return true
  const whole = await releaseIsWhole(transport, workDir, release)
  if (whole) times.set(release.id, at)
  return whole
}

// The new folder takes its name in one rename. A damaged one is moved aside first, not repaired in place:
// a running worker may still have its files open.
const PUBLISH = `
set -eu
chmod 0555 -- "$1"
[ ! -e "$2" ] || mv -T -- "$2" "$1.damaged"
mv -T -- "$1" "$2"
`

/** Readable folders of a release are not writable, not even to be emptied by their owner. */
const REMOVE = `
[ ! -d "$1" ] || chmod -R u+w -- "$1"
rm -rf -- "$1"
`

/** Folders of uploads that failed together with their connection: the next upload over it takes them away. */
const leftBehind = new WeakMap<Transport, Set<string>>()
const underWay = new WeakMap<Transport, Map<string, Promise<void>>>()

/**
 * Makes it whole there; nothing is sent where it is. Whoever needs it while it is on its way (another identity) waits for the same
 * upload. It is asked for within that: an answer from before an upload would have a release replaced that is in use by now.
 */
export function bringRelease(transport: Transport, workDir: string, release: WorkerRelease): Promise<void> {
  const uploads = ofTransport(underWay, transport)
  const upload = uploads.get(release.id) ?? bringOnce(transport, workDir, release)
  uploads.set(release.id, upload)
  const over = (): void => void uploads.delete(release.id)
  upload.then(over, over)
  return upload
}

async function bringOnce(transport: Transport, workDir: string, release: WorkerRelease): Promise<void> {
  if (await releaseIsWhole(transport, workDir, release)) return
  const { directory } = release
  if (directory === null)
    throw new OrchestratorError(
      'RELEASE_GONE',
      `The worker release ${release.id.slice(0, 12)} is damaged on the cluster, and this server has no copy of it`,
    )
  const target = releaseOf(workDir, release.id)
  const beside = `${releasesOf(workDir)}/.${release.id.slice(0, 16)}-${randomBytes(4).toString('hex')}`
  const left = leftBehind.get(transport) ?? new Set<string>()
  leftBehind.set(transport, left)
  for (const folder of left) {
    await remove(transport, folder)
    left.delete(folder)
  }
  try {
    await must(transport, ['mkdir', '-m', '0755', '--', beside])
    for (const file of release.files)
      await transport.put(`${beside}/${file.path}`, { file: join(directory, file.path) }, { mode: 0o444 })
    await transport.put(`${beside}/manifest.json`, release.manifest, { mode: 0o444 })
    await must(transport, ['sh', '-c', PUBLISH, 'publish', beside, target])
  } catch (error) {
    await remove(transport, beside).catch(() => left.add(beside))
    throw error
  }
  if (!(await releaseIsWhole(transport, workDir, release))) {
    throw new OrchestratorError('RELEASE_DAMAGED', `The worker release did not arrive whole in ${target}`)
  }
}

/** By the release's id. */
function ofTransport<Value>(of: WeakMap<Transport, Map<string, Value>>, transport: Transport): Map<string, Value> {
  const known = of.get(transport) ?? new Map<string, Value>()
  of.set(transport, known)
  return known
}

const remove = (transport: Transport, folder: string): Promise<void> =>
  must(transport, ['sh', '-c', REMOVE, 'remove', folder])

async function must(transport: Transport, argv: string[]): Promise<void> {
  const result = await transport.exec(argv, { timeLimitMs: 30_000, maxOutputBytes: 65_536, lane: 'submit' })
  if (result.exitCode !== 0) {
    throw new OrchestratorError(
      'DIRECTORY_REFUSED',
      `${argv[0]} failed on the cluster: ${result.stderr.trim().split('\n')[0] ?? ''}`,
      {
        details: { exitCode: result.exitCode, stderr: result.stderr.slice(0, 2_000) },
      },
    )
  }
}
