// put and readAt over SFTP channels. Reads go in small turns through one gate, first come first served,
// so that a reader of a large file cannot starve the readers of small ones.
import { randomBytes } from 'node:crypto'
import { Gate } from './channel-gate.ts'
import { SlurmError } from './errors.ts'
import { piecesOf } from './put-source.ts'
import { NoSuchFile, type Sftp } from './sftp-session.ts'
import type { FileSlice, PutContent } from './transport.ts'

/** One turn of a reader. OpenSSH answers up to 255 KiB per request since 8.5, ssh2 splits for older ones. */
const TURN_BYTES = 128 * 1024
/** Requests in flight per channel: hides the round trip, bounds the memory. */
const TURNS_AT_ONCE = 4
/** sftp-server keeps a descriptor per open file. */
const OPEN_FILES = 32
const WRITE_BYTES = 32 * 1024

export class SftpReader {
  readonly #turns = new Gate(TURNS_AT_ONCE)
  readonly #files = new Gate(OPEN_FILES)

  /** null: there is no such file. */
  readAt(sftp: Sftp, path: string, offset: number, lengthBytes: number): Promise<FileSlice | null> {
    return this.#files.run(async () => {
      const file = await this.#turns.run(() => sftp.open(path, 'r')).catch(nullIfNoFile)
      if (file === null) return null
      try {
        const chunks: Uint8Array[] = []
        let read = 0
        while (read < lengthBytes) {
          const from = offset + read
          const chunk = await this.#turns.run(() => file.read(from, Math.min(TURN_BYTES, lengthBytes - read)))
          if (chunk.byteLength === 0) break
          chunks.push(chunk)
          read += chunk.byteLength
        }
        // Asked last: a file that grows meanwhile is at least as long as what was read of it.
        const sizeBytes = await this.#turns.run(() => file.sizeBytes())
        return { bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), sizeBytes }
      } finally {
        file.close().catch(() => {}) // the answer is known, a lost connection closes it too
      }
    })
  }
}

export async function putOverSftp(sftp: Sftp, path: string, content: PutContent, mode: number): Promise<void> {
  const beside = `${path}.part-${randomBytes(6).toString('hex')}`
  try {
    const file = await sftp.open(beside, 'wx')
    try {
      let position = 0
      for await (const piece of piecesOf(content)) {
        const writes: Promise<void>[] = []
        for (let at = 0; at < piece.byteLength; at += WRITE_BYTES) {
          writes.push(file.write(position + at, piece.subarray(at, at + WRITE_BYTES)))
        }
        await Promise.all(writes)
        position += piece.byteLength
      }
      await file.setMode(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await sftp.renameOver(beside, path)
  } catch (cause) {
    await sftp.remove(beside).catch(() => {}) // best effort: nobody reads *.part-* files
    if (cause instanceof NoSuchFile) {
      throw new SlurmError('FILE_FAILED', {
        message: `the directory of ${path} does not exist`,
        details: { path },
        cause,
      })
    }
    throw cause
  }
}

function nullIfNoFile(error: unknown): null {
  if (error instanceof NoSuchFile) return null
  throw error
}
