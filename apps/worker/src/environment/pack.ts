// A prefix as one archive, for file systems on which 50,000 files are 50,000 waits: sorted by name, without owners, the same bytes of the same
// prefix. mtimes are kept, since a .pyc counts only for the mtime of its source.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { syncDirectory } from '../durable-file.ts'
import { buildFailure } from './build-failure.ts'
import { prefixFiles } from './prefix-files.ts'

export interface PackOptions {
  signal?: AbortSignal | undefined
  /** Files done, and of how many. */
  onProgress?: ((done: number, of: number) => void) | undefined
}

/** zlib's 3: twice as fast as its 6, and 4 % larger on a conda environment's libraries. */
const LEVEL = 3
export const TAR_SETTINGS = { PATH: '/usr/bin:/bin', LC_ALL: 'C' } as const

/**
 * Written beside and renamed; on disk when this resolves.
 *
 * @throws BuildFailure storage where tar fails, whatever `signal` was aborted with, and what the file system says
 */
export async function packPrefix(
  { prefix, archive }: { prefix: string; archive: string },
  { signal, onProgress }: PackOptions = {},
): Promise<{ sha256: string; bytes: number }> {
  const { files, others } = await prefixFiles(prefix, signal)
  const names = [...files, ...others.keys()].filter(path => path !== '.').sort()
  const beside = `${archive}.${process.pid}.new`
  const sum = createHash('sha256')
  let bytes = 0
  const count = new Transform({
    transform(piece: Buffer, _, done) {
      sum.update(piece)
      bytes += piece.length
      done(null, piece)
    },
  })
  try {
    // Opened before anything can fail: a stream that opens it by itself may do so after it was taken away.
    const written = await open(beside, 'w', 0o644)
    const tar = startTar(prefix, names, { signal, onProgress })
    await Promise.all([
      tar.ended,
      pipeline(tar.stdout, createGzip({ level: LEVEL }), count, written.createWriteStream()),
    ])
    signal?.throwIfAborted()
    const file = await open(beside, 'r+')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, archive)
    await syncDirectory(dirname(archive))
    return { sha256: sum.digest('hex'), bytes }
  } catch (error) {
    await rm(beside, { force: true })
    throw signal?.aborted === true ? signal.reason : error
  }
}

function startTar(
  prefix: string,
  names: readonly string[],
  { signal, onProgress }: PackOptions,
): { stdout: Readable; ended: Promise<void> } {
  // The names are handed over one by one: --sort is not in the tar of older systems. `./` keeps a name from being taken for an option.
  const argv = ['--create', '--format=gnu', '--no-recursion', '--numeric-owner', '--owner=0', '--group=0', '--verbose']
  const tar = spawn('tar', [...argv, `--directory=${prefix}`, '--null', '--files-from=-', '--file=-'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: TAR_SETTINGS,
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' }),
  })
  let done = 0
  let said = ''
  let rest = ''
  tar.stderr.setEncoding('utf8').on('data', (piece: string) => {
    const lines = `${rest}${piece}`.split('\n')
    rest = (lines.pop() ?? '').slice(-4096)
    for (const line of lines)
      if (line.startsWith('./')) done++
      else said = `${said}${line}\n`.slice(-2000)
    onProgress?.(done, names.length)
  })
  const ended = new Promise<void>((resolve, reject) => {
    tar.on('error', reject)
    tar.on('close', code =>
      code === 0
        ? resolve()
        : reject(
            buildFailure('storage', `tar could not pack ${prefix} (exit code ${code}): ${said.trim().slice(0, 500)}`, {
              evidence: said.split('\n').filter(line => line !== ''),
              transient: true,
            }),
          ),
    )
  })
  // Where tar ends early, its exit code says why, and not the pipe.
  pipeline(Readable.from(namesInPieces(names)), tar.stdin).catch(() => undefined)
  return { stdout: tar.stdout, ended }
}

function* namesInPieces(names: readonly string[]): Generator<string> {
  for (let at = 0; at < names.length; at += 500)
    yield names
      .slice(at, at + 500)
      .map(name => `./${name}\0`)
      .join('')
}
