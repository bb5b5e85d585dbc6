// The sha256 of a file that may be large, next to a training whose thread is never to be held up: a small one by Node.js's pool of threads,
// a large one by coreutils' sha256sum, at the lowest priority. Either way nothing but the file is read.
import { spawn } from 'node:child_process'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'

export interface FileDigest {
  bytes: number
  /** null: not asked for, because it is larger than `mostBytes`; or `why` tells. */
  sha256: string | null
  /** What kept it from being read as one file; null: nothing did. */
  why: string | null
  /** Of which state of the file this is told. */
  state: string
}

/** Another one: another file under that name, or it was written to. null: it is not there, or cannot be asked about. */
export async function stateOfFile(path: string): Promise<string | null> {
  return stat(path, { bigint: true }).then(stateOf, () => null)
}

const stateOf = ({ dev, ino, size, mtimeNs }: BigIntStats): string => `${dev} ${ino} ${size} ${mtimeNs}`

/** Below it a process of its own costs more than the hashing. */
const SMALL_BYTES = 1_048_576

/**
 * @param stop it is not waited for any longer
 * @returns why in words where the file is not there, is none, or cannot be read
 */
export async function sha256OfFile(
  path: string,
  { mostBytes, stop }: { mostBytes: number; stop: AbortSignal },
): Promise<FileDigest | { missing: string }> {
  let file: FileHandle
  try {
    // A FIFO that nobody writes to would be waited for by one of Node.js's few threads, for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { missing: code === 'ENOENT' ? 'is not there' : `cannot be read (${message})` }
  }
  try {
    const before = await file.stat({ bigint: true })
    if (!before.isFile()) return { missing: 'is not a file' }
    const bytes = Number(before.size)
    const state = stateOf(before)
    if (bytes > mostBytes) return { bytes, sha256: null, why: null, state }
    const sha256 = bytes <= SMALL_BYTES ? await bySubtle(file, bytes) : await byProcess(file, stop)
    if (typeof sha256 !== 'string') return { bytes, sha256: null, why: sha256.why, state }
    const after = await file.stat({ bigint: true })
    if (stateOf(after) !== state)
      return { bytes: Number(after.size), sha256: null, why: 'it was written to meanwhile', state: stateOf(after) }
    return { bytes, sha256, why: null, state }
  } catch (error) {
    return { missing: `cannot be read (${(error as Error).message})` }
  } finally {
    await file.close()
  }
}

/** A file that has become shorter tells so by its size. */
async function bySubtle(file: FileHandle, bytes: number): Promise<string> {
  const content = Buffer.alloc(bytes)
  let at = 0
  while (at < bytes) {
    const { bytesRead } = await file.read(content, at, bytes - at, at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return Buffer.from(await crypto.subtle.digest('SHA-256', content.subarray(0, at))).toString('hex')
}

/** It is given the open file: no name of anybody's reaches a command line. */
function byProcess(file: FileHandle, stop: AbortSignal): Promise<string | { why: string }> {
  return new Promise(resolve => {
    if (stop.aborted) return resolve({ why: 'there was no time for it' })
    const child = spawn('nice', ['-n', '19', 'sha256sum', '-'], { stdio: [file.fd, 'pipe', 'ignore'] })
    let text = ''
    const leave = (): void => void child.kill('SIGKILL')
    stop.addEventListener('abort', leave)
    child.stdout?.on('data', (piece: Buffer) => {
      text += piece.toString('latin1')
    })
    const settle = (answer: string | { why: string }): void => {
      stop.removeEventListener('abort', leave)
      resolve(answer)
    }
    child.on('error', error => settle({ why: `sha256sum could not be started (${error.message})` }))
    child.on('close', exitCode => {
      const [, sha256] = /^([0-9a-f]{64}) /.exec(text) ?? []
      if (exitCode === 0 && sha256 !== undefined) return settle(sha256)
      settle({ why: stop.aborted ? 'there was no time for it' : `sha256sum ended with ${exitCode ?? 'a signal'}` })
    })
  })
}
