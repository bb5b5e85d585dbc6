// Brings archives to a cluster that cannot fetch them itself: <root>/.packages/archives/<sha256>/<file name>, each whole or not there.
// The maker checks their hashes and hands them to its installer.
import type { EnvironmentLock, LockedConda } from '@trotline/contracts'
import type { Transport } from '@trotline/slurm'
import { OrchestratorError } from '../errors.ts'
import { archivesOf } from './environment-directory.ts'

/** As the maker looks for it: `x264-1!152.20180717-h14c3975_1.tar.bz2`, however the address writes it. */
export const fileNameOf = ({ url }: Pick<LockedConda, 'url'>): string =>
  url
    .slice(url.lastIndexOf('/') + 1)
    .replace(/%21/g, '!')
    .replace(/%2b/gi, '+')

/** Those of the lock that lie in one of these channels. */
export const archivesIn = (lock: EnvironmentLock, channels: readonly string[]): LockedConda[] =>
  lock.conda.filter(({ url }) => channels.some(channel => url.startsWith(`${channel.replace(/\/+$/, '')}/`)))

// A file is put whole by one rename, so its size is enough; the maker reads its bytes. Answers the numbers of the lines that lack theirs.
const MISSING = `
set -eu
umask 022
cd -- "$1"
at=0
while read -r sha256 size name; do
  [ -d "$sha256" ] || mkdir -m 0755 -- "$sha256" || [ -d "$sha256" ]
  have=$(stat -c %s -- "$sha256/$name" 2>/dev/null || echo none)
  if [ "$have" = none ] || { [ "$size" != - ] && [ "$have" != "$size" ]; }; then echo "$at"; fi
  at=$((at + 1))
done
`

export interface Bringing {
  /** Archives that are there, of all that have to be. */
  done: number
  of: number
  bytesDone: number
  /** null: the lock does not tell all sizes. */
  bytesOf: number | null
}

interface Options {
  transport: Transport
  workDir: string
  archives: readonly LockedConda[]
  /** Answers where it lies on this machine, checked. */
  archive(one: LockedConda, options: { signal?: AbortSignal }): Promise<string>
  signal: AbortSignal
  onProgress(progress: Bringing): void
}

/** One after the other: several would share the one channel that files have. @throws what `archive` throws, SlurmError SSH_*, FILE_* */
export async function bringArchives({
  transport,
  workDir,
  archives,
  archive,
  signal,
  onProgress,
}: Options): Promise<void> {
  const directory = archivesOf(workDir)
  const list = archives.map(one => `${one.sha256} ${one.size ?? '-'} ${fileNameOf(one)}\n`).join('')
  const { exitCode, stdout, stderr } = await transport.exec(['sh', '-c', MISSING, 'missing-archives', directory], {
    stdin: list,
    timeLimitMs: 120_000,
    maxOutputBytes: 1_048_576,
    lane: 'submit',
  })
  if (exitCode !== 0)
    throw new OrchestratorError(
      'DIRECTORY_REFUSED',
      `The folders under ${directory} could not be made: ${stderr.trim().split('\n')[0] ?? ''}`,
    )
  const missing = new Set(
    stdout
      .split('\n')
      .filter(line => line !== '')
      .map(Number),
  )
  const bytesOf = archives.every(({ size }) => size !== null)
    ? archives.reduce((sum, { size }) => sum + (size ?? 0), 0)
    : null
  const there = archives.filter((_, at) => !missing.has(at))
  let bytesDone = there.reduce((sum, { size }) => sum + (size ?? 0), 0)
  let done = there.length
  onProgress({ done, of: archives.length, bytesDone, bytesOf })
  for (const [at, one] of archives.entries()) {
    if (!missing.has(at)) continue
    signal.throwIfAborted()
    const file = await archive(one, { signal })
    signal.throwIfAborted()
    await transport.put(`${directory}/${one.sha256}/${fileNameOf(one)}`, { file }, { mode: 0o444 })
    done += 1
    bytesDone += one.size ?? 0
    onProgress({ done, of: archives.length, bytesDone, bytesOf })
  }
}
