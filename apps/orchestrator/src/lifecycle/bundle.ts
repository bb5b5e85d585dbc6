// A job as one archive that another installation can repeat it from (contracts/rerun.ts), and that a person can read without us.
// The same record gives the same bytes: names in order, times of the record, no owner.
import { gzip } from 'node:zlib'
import { BUNDLE_FILES, type Bundle } from '@trotline/contracts'
import type { PinnedLock } from '@trotline/environment'
import { type TarEntry, tarOf } from '../clusters/tar.ts'
import type { JobRecord } from '../store/record.ts'
import { dataOf, pinnedRequest } from './rerun-original.ts'

/** @param pinned what the job is pinned to; null: it has no environment */
export function bundleOf(job: JobRecord, pinned: PinnedLock | null): Bundle {
  const { facts } = job.compatibility
  return {
    v: 1,
    job: job.id,
    asOf: job.updatedAt,
    request: pinnedRequest(job),
    lock: pinned?.lock ?? null,
    script: job.inner.script,
    versions: {
      release: job.worker?.release ?? null,
      runtime: job.worker?.runtime ?? null,
      backend: job.result?.backend ?? null,
    },
    hardware: {
      partition: job.request.resources.partition,
      gpu: facts?.gpu ?? null,
      driver: facts?.driver ?? null,
    },
    data: dataOf(job),
    result: job.result,
  }
}

/** A lock as it is kept, and as conda reads it. */
export interface LockTexts {
  canonical: string
  explicit: string
}

/**
 * The archive: one folder, named for the job.
 * @param lock goes into the bundle, whose own is null: as text, since one of 8 MB takes 0.1 s to be written once more
 */
export async function bundleArchive(bundle: Bundle, lock: LockTexts | null): Promise<Buffer> {
  const folder = `trotline-${bundle.job}/`
  const modifiedSeconds = Math.floor(Date.parse(bundle.asOf) / 1000)
  const file = (name: string, content: string): TarEntry => ({
    path: `${folder}${name}`,
    mode: 0o644,
    content,
    modifiedSeconds,
  })
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
  const entries = [
    { path: folder, mode: 0o755, modifiedSeconds },
    file(BUNDLE_FILES.readMe, readMe(bundle, lock !== null)),
    // Texts within have no line breaks in JSON, and fields within objects stand further in.
    file(
      BUNDLE_FILES.bundle,
      json(bundle).replace('\n  "lock": null,', () => `\n  "lock": ${lock?.canonical ?? 'null'},`),
    ),
    file(BUNDLE_FILES.request, json(bundle.request)),
    ...(lock === null ? [] : [file(BUNDLE_FILES.lock, lock.canonical), file(BUNDLE_FILES.explicit, lock.explicit)]),
    ...(bundle.script === null ? [] : [file(BUNDLE_FILES.script, bundle.script)]),
    ...(bundle.result === null ? [] : [file(BUNDLE_FILES.result, json(bundle.result))]),
  ]
  const tar = tarOf(entries)
  return new Promise((resolve, reject) => {
    gzip(tar, { level: 9 }, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))
  })
}

function readMe({ job, asOf, request, script, versions, hardware, data, result }: Bundle, hasLock: boolean): string {
  const known = (value: string | null): string => value ?? 'not known'
  const lines = [
    `Job ${job} (${request.name}) as of ${asOf}: everything that made it what it was.`,
    '',
    'Do it again, here or on another installation of Trotline:',
    '',
    '    trotline rerun BUNDLE.tgz --cluster CLUSTER --partition PARTITION',
    '',
    'It is run with the same code, packages, data and seed, or you are told what cannot be had.',
    '',
    `${BUNDLE_FILES.bundle}  all of this, as Trotline reads it`,
    `${BUNDLE_FILES.request}  what was asked for, with every default filled in`,
    ...(!hasLock
      ? []
      : [
          `${BUNDLE_FILES.lock}  every package with its hashes; the sha256 of this file is the lock's id`,
          `${BUNDLE_FILES.explicit}  the same for conda, mamba and micromamba: create --prefix DIRECTORY --file THIS`,
        ]),
    ...(script === null ? [] : [`${BUNDLE_FILES.script}  as it was given to sbatch`]),
    ...(result === null ? [] : [`${BUNDLE_FILES.result}  what came out; equal weights have equal weightsSha256`]),
    '',
    `worker release  ${known(versions.release)}`,
    `Node.js         ${known(versions.runtime)}`,
    `backend         ${known(versions.backend)}`,
    `partition       ${hardware.partition}`,
    ...(request.resources.gpus > 0
      ? [`GPU             ${known(hardware.gpu)}`, `driver          ${known(hardware.driver)}`]
      : []),
    ...data.map(({ path, bytes, sha256 }) => `data            ${sha256 ?? `${bytes} bytes`}  ${path}`),
  ]
  return `${lines.join('\n')}\n`
}
