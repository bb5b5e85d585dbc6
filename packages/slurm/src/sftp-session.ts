// One SFTP channel, in promises and in the words of this room. What it needs of the SSH library is written as an interface,
// so that no type of that library is used outside ssh2-connection.ts.
import { SlurmError } from './errors.ts'
import { Loss } from './loss.ts'

/** A file system that hangs (NFS) must not hang its callers: the channel is given up. */
const REQUEST_LIMIT_MS = 60_000

type Done<T> = (error: (Error & { code?: number | string }) | null | undefined, value: T) => void

export interface RawSftp {
  open(path: string, flags: 'r' | 'wx', mode: number, done: Done<Buffer>): void
  read(handle: Buffer, into: Buffer, offset: number, length: number, position: number, done: Done<number>): void
  write(handle: Buffer, from: Buffer, offset: number, length: number, position: number, done: Done<void>): void
  fstat(handle: Buffer, done: Done<{ size: number }>): void
  fchmod(handle: Buffer, mode: number, done: Done<void>): void
  close(handle: Buffer, done: Done<void>): void
  unlink(path: string, done: Done<void>): void
  ext_openssh_fsync(handle: Buffer, done: Done<unknown>): void
  ext_openssh_rename(from: string, to: string, done: Done<void>): void
  once(event: 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  end(): void
}

/** Thrown where the server answered that there is no such file. */
export class NoSuchFile extends Error {}

export interface SftpFile {
  sizeBytes(): Promise<number>
  /** Fills `into` from `position` on. How many bytes came: fewer than it has room for, and none past the end, are no error. */
  read(position: number, into: Buffer): Promise<number>
  write(position: number, bytes: Uint8Array): Promise<void>
  setMode(mode: number): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

export interface Sftp {
  /** 'r' to read, 'wx' to create a file that must not exist. @throws NoSuchFile */
  open(path: string, flags: 'r' | 'wx'): Promise<SftpFile>
  /** Replaces the target (posix-rename@openssh.com); plain SFTP rename refuses where it exists. */
  renameOver(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  onClosed(listener: () => void): void
  end(): void
}

export function openSftp(raw: RawSftp, connection: Loss): Sftp {
  const loss = new Loss()
  connection.onLost(error => loss.lose(error))
  raw.once('close', () => loss.lose(new SlurmError('SSH_LOST', { message: 'the SFTP channel closed' })))
  raw.on('error', () => {}) // the request in flight is told; the channel closes

  function ask<T>(what: string, path: string, start: (done: Done<T>) => void): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      const limit = setTimeout(() => {
        reject(new SlurmError('SSH_TIMEOUT', { message: `${what} ${path}`, details: { what, path, REQUEST_LIMIT_MS } }))
        raw.end()
      }, REQUEST_LIMIT_MS).unref()
      try {
        start((error, value) => {
          clearTimeout(limit)
          if (error) reject(fileError(error, what, path))
          else resolve(value)
        })
      } catch (cause) {
        clearTimeout(limit)
        // Thrown where the server lacks an extension, or the channel has gone.
        reject(new SlurmError('FILE_FAILED', { message: (cause as Error).message, details: { what, path }, cause }))
      }
    })
    return loss.orLost(answer)
  }

  const fileOf = (handle: Buffer, path: string): SftpFile => ({
    sizeBytes: async () => (await ask<{ size: number }>('stat', path, done => raw.fstat(handle, done))).size,
    read: (position, into) => ask<number>('read', path, done => raw.read(handle, into, 0, into.length, position, done)),
    write: (position, bytes) => {
      const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      return ask('write', path, done => raw.write(handle, from, 0, from.length, position, done))
    },
    setMode: mode => ask('chmod', path, done => raw.fchmod(handle, mode, done)),
    sync: async () => void (await ask<unknown>('fsync', path, done => raw.ext_openssh_fsync(handle, done))),
    close: () => ask('close', path, done => raw.close(handle, done)),
  })

  return {
    open: async (path, flags) =>
      fileOf(await ask<Buffer>('open', path, done => raw.open(path, flags, 0o600, done)), path),
    renameOver: (from, to) => ask('rename', to, done => raw.ext_openssh_rename(from, to, done)),
    remove: path => ask('remove', path, done => raw.unlink(path, done)),
    onClosed: listener => loss.onLost(listener),
    end: () => raw.end(),
  }
}

// SSH_FX_NO_SUCH_FILE and SSH_FX_PERMISSION_DENIED of draft-ietf-secsh-filexfer-02; sftp-server says the former
// for ENOENT, ENOTDIR and ELOOP alike. Without a number the answer never came.
function fileError(error: Error & { code?: number | string }, what: string, path: string): Error {
  const options = { message: `${path}: ${error.message}`, details: { what, path, status: error.code }, cause: error }
  if (error.code === 2) return new NoSuchFile(path, { cause: error })
  if (error.code === 3) return new SlurmError('FILE_DENIED', options)
  return new SlurmError(typeof error.code === 'number' ? 'FILE_FAILED' : 'SSH_LOST', options)
}
