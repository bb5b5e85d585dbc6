// One artifact into a folder, or onto stdout: whole, and what the training left, or nothing under its name.
import { createHash } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Artifact } from '@trotline/contracts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { createStepReporter, type StepReporter } from '../follow/step-reporter.ts'
import { bytes } from '../text/figures.ts'
import { fileNameOf } from './file-name.ts'
import { digestOf, isThere, openPart } from './part-file.ts'
import { notAsSaid, takeBytes } from './take-bytes.ts'

type Wanted = Pick<Artifact, 'path' | 'bytes' | 'sha256'>
export type Fetched = { file: string; state: 'written' | 'there' }

/** Before a byte is asked for: what is in the way? @throws CliError CONFLICT, USAGE */
export async function lookAt(folder: string, artifact: Wanted, overwrite: boolean): Promise<'free' | 'there'> {
  const target = join(folder, fileNameOf(artifact.path))
  const stat = await lstat(target).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw unwritable(folder, error)
  })
  if (stat === null) return 'free'
  if (stat.isFile() && stat.size === artifact.bytes && (await digestOf(target))?.sha256 === artifact.sha256)
    return 'there'
  if (overwrite && !stat.isDirectory()) return 'free'
  throw isThere(target)
}

/** @throws CliError USAGE where it cannot be written, NOT_AS_SAID, COULD_NOT_ASK; what came so far is kept for the next time */
export async function fetchFile(
  context: Context,
  id: string,
  artifact: Wanted,
  { folder, overwrite }: { folder: string; overwrite: boolean },
): Promise<Fetched> {
  const name = fileNameOf(artifact.path)
  const file = join(folder, name)
  if ((await lookAt(folder, artifact, overwrite)) === 'there') return { file, state: 'there' }
  const reporter = createStepReporter(context.out, name)
  try {
    await mkdir(folder, { recursive: true })
    // What was kept of an earlier try is the one thing that could be wrong here: then all of it is asked for once more.
    const kept = await oneTry(context, id, artifact, folder, overwrite, reporter)
    if (kept === 'spoilt') await oneTry(context, id, artifact, folder, overwrite, reporter)
    return { file, state: 'written' }
  } catch (error) {
    if (error instanceof CliError || !(error instanceof Error && 'syscall' in error)) throw error
    throw unwritable(folder, error)
  } finally {
    reporter.end()
  }
}

async function oneTry(
  context: Context,
  id: string,
  artifact: Wanted,
  folder: string,
  overwrite: boolean,
  reporter: StepReporter,
): Promise<'placed' | 'spoilt'> {
  const part = await openPart(folder, artifact)
  try {
    if (part.kept > 0) reporter.tell(`${artifact.path}: ${bytes(part.kept)} are here from before; going on from there`)
    const show = (done: number) => reporter.show(viewOf(artifact, done))
    show(part.kept)
    if (part.kept < artifact.bytes || artifact.bytes === 0)
      await takeBytes(context, id, artifact, part.kept, async (piece, at) => {
        await part.write(piece, at)
        show(at + piece.length)
      })
    const sha256 = part.digest()
    if (sha256 !== artifact.sha256) {
      await part.discard()
      if (part.kept > 0) return 'spoilt'
      throw notAsSaid(artifact, `its sha256 is ${sha256}, and was ${artifact.sha256}`)
    }
    await part.place(join(folder, artifact.path), overwrite)
    return 'placed'
  } finally {
    await part.close()
  }
}

/** Onto stdout as it comes. The digest is known at the end only: what is wrong is said then, and by the exit code. */
export async function fetchToStdout(context: Context, id: string, artifact: Wanted): Promise<void> {
  const hash = createHash('sha256')
  await takeBytes(context, id, artifact, 0, async piece => {
    hash.update(piece)
    await context.out.answerBytes(piece)
  })
  const sha256 = hash.digest('hex')
  if (sha256 !== artifact.sha256) throw notAsSaid(artifact, `its sha256 is ${sha256}, and was ${artifact.sha256}`)
}

const viewOf = (artifact: Wanted, done: number) => ({
  step: 'fetching',
  detail: `${bytes(done)} of ${bytes(artifact.bytes)}`,
  done,
  of: artifact.bytes,
})

const WHY: Record<string, string> = {
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
  EDQUOT: 'your quota is used up',
  ENOTDIR: 'it is no folder',
  EEXIST: 'it is no folder',
  EISDIR: 'a folder has that name',
  ELOOP: 'a link lies where the file was to be written',
}

function unwritable(folder: string, cause: unknown): CliError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return new CliError('USAGE', `Nothing can be written to ${folder}: ${WHY[code] ?? code}.`, {
    cause,
    fix: ['Take another folder: -o DIR', ...(code === 'ENOSPC' ? ['What came so far is kept, and goes on.'] : [])],
  })
}
