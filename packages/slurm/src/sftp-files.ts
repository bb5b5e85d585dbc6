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
const TURNS_AT_ONCE = 8
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
        const into = Buffer.allocUnsafeSlow(lengthBytes)
        const turn = async (from: number): Promise<number> => {
          const room = into.subarray(from, from + TURN_BYTES)
          return room.length === 0 ? 0 : this.#turns.run(() => file.read(offset + from, room))
        }
        for (let read = 0; ; ) {
          // At once, because each answer takes a round trip. sftp-server does them in this order, so the size is asked last: a file that
          // grows meanwhile is at least as long as what was read of it.
          const asked: Promise<number>[] = Array.from({ length: TURNS_AT_ONCE }, (_, i) => turn(read + i * TURN_BYTES))
          const size: Promise<number> = this.#turns.run(() => file.sizeBytes())
          const [sizeBytes, ...counts] = await Promise.all([size, ...asked])
          // Behind one that is short the next would leave a gap.
          const short = counts.findIndex(count => count < TURN_BYTES)
          const atEnd = counts[short] === 0 || counts[short + 1] === 0
          read += short < 0 ? TURNS_AT_ONCE * TURN_BYTES : short * TURN_BYTES + (counts[short] ?? 0)
          if (read >= lengthBytes || (short >= 0 && atEnd)) return { bytes: into.subarray(0, read), sizeBytes }
        }
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
