// runs/<run>/artifacts: what a completed training leaves besides its result. Each file is durable before the result names it.
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, type History, RUN_FILES, type RunId, rankOf } from '@trotline/contracts'
import type { NewArtifact } from '@trotline/trainer'
import { replaceDurably, syncDirectory } from './durable-file.ts'
import type { Duty } from './parts.ts'
import { recordedEpochs } from './recorded-epochs.ts'
import { runsOf } from './standing.ts'

/** In the order given. @throws where the file system refuses */
export async function writeArtifacts(runDirectory: string, artifacts: readonly NewArtifact[]): Promise<Artifact[]> {
  const folder = join(runDirectory, RUN_FILES.artifacts)
  // Not recursive: a job directory that was deleted meanwhile is not made anew.
  await mkdir(folder, { mode: 0o700 })
  await syncDirectory(runDirectory)
  const written: Artifact[] = []
  for (const { name, bytes } of artifacts) {
    await replaceDurably(join(folder, name), bytes)
    written.push({ path: name, bytes: bytes.length, sha256: sha256(bytes) })
  }
  return written
}

/** Node.js hashes at most 2 GiB at a time. */
const HASHED_AT_ONCE = 2 ** 30

function sha256(bytes: Uint8Array): string {
  const hash = createHash('sha256')
  for (let at = 0; at < bytes.length; at += HASHED_AT_ONCE) hash.update(bytes.subarray(at, at + HASHED_AT_ONCE))
  return hash.digest('hex')
}

/** history.json: every epoch of the record, those of older runs as far as this one went on from them. */
export async function historyArtifact(
  { directory, run }: Pick<Duty, 'directory' | 'run'>,
  say: (line: string) => void,
): Promise<NewArtifact> {
  const runs = (await runsOf(directory)).filter((other: RunId) => rankOf(other) <= rankOf(run))
  const recorded = await recordedEpochs(directory, runs, say)
  const epochs = [...recorded.values()].sort((a, b) => a.line.epoch - b.line.epoch)
  const history: History = { v: 1, epochs: epochs.map(({ run, line }) => ({ ...line, run })) }
  return { name: ARTIFACTS.history, bytes: Buffer.from(`${JSON.stringify(history)}\n`) }
}
