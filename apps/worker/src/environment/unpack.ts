// The archive of a packed environment: looked at, and unpacked. It is read once; what is unpacked counts only when the whole of it had the
// hash that the marker names.
import { spawn } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Drift, EnvironmentLook, MadeEnvironment } from '@trotline/contracts'
import { LookTrouble, madePaths } from './made-files.ts'
import { TAR_SETTINGS } from './pack.ts'

/** What went wrong, in a sentence. changed: the archive is not what was packed. */
export class UnpackTrouble extends Error {
  override readonly name = 'UnpackTrouble'
  readonly code: 'changed' | 'missing' | 'storage'
  constructor(code: UnpackTrouble['code'], sentence: string, cause?: unknown) {
    super(sentence, { cause })
    this.code = code
  }
}

const hashing = (sum: Hash): Transform =>
  new Transform({
    transform(piece: Buffer, _, done) {
      sum.update(piece)
      done(null, piece)
    },
  })

/** times: whether it is there, in its size. bytes: its hash. @throws LookTrouble unreadable */
export async function lookAtArchive(
  root: string,
  made: MadeEnvironment,
  { depth, signal }: { depth: EnvironmentLook['depth']; signal?: AbortSignal | undefined },
): Promise<EnvironmentLook> {
  const began = performance.now()
  const { archive } = madePaths(root, made.lockId)
  const drift = await archiveDrift(archive, root, made, depth === 'bytes', signal)
  const seconds = (performance.now() - began) / 1000
  return { lockId: made.lockId, depth, looked: 1, of: 1, seconds, drift }
}

async function archiveDrift(
  archive: string,
  root: string,
  made: MadeEnvironment,
  bytes: boolean,
  signal: AbortSignal | undefined,
): Promise<Drift | null> {
  const path = archive.slice(root.length + 1)
  const drift = (what: 'missing' | 'changed', words: string): Drift => ({
    detail: `${path} ${words}`,
    files: [{ path, what, package: null }],
    count: 1,
  })
  try {
    if (statSync(archive).size !== made.archive?.bytes)
      return drift('changed', 'has another size than when it was packed')
    if (!bytes) return null
    const sum = createHash('sha256')
    const away = new Writable({ write: (_piece, _encoding, done) => done() })
    await pipeline(createReadStream(archive), hashing(sum), away, signal === undefined ? {} : { signal })
    return sum.digest('hex') === made.archive.sha256
      ? null
      : drift('changed', 'has other bytes than when it was packed')
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return drift('missing', 'is gone')
    throw new LookTrouble('unreadable', `${archive} cannot be read (${code ?? message}).`, { cause: error })
  }
}

/**
 * Into a folder that is there and empty. Where this process is killed, tar comes to the end of what it is given and ends as well.
 *
 * @throws UnpackTrouble, and whatever `signal` was aborted with; what was unpacked by then is of no use
 */
export async function unpackArchive(
  { archive, sha256, into }: { archive: string; sha256: string; into: string },
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const argv = ['--extract', '--file=-', `--directory=${into}`, '--no-same-owner', '--preserve-permissions']
  const tar = spawn('tar', [...argv, '--delay-directory-restore'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: TAR_SETTINGS,
  })
  let said = ''
  tar.stderr.setEncoding('utf8').on('data', (piece: string) => {
    said = `${said}${piece}`.slice(0, 2000)
  })
  const ended = new Promise<number | Error | null>(resolve => {
    tar.on('error', resolve)
    tar.on('close', resolve)
  })
  const sum = createHash('sha256')
  const fed = pipeline(
    createReadStream(archive, { highWaterMark: 1_048_576 }),
    hashing(sum),
    createGunzip(),
    feeding(tar.stdin),
    signal === undefined ? {} : { signal },
  ).then(
    () => null,
    (error: NodeJS.ErrnoException) => error,
  )
  const problem = await fed
  tar.stdin.end()
  const code = await ended
  signal?.throwIfAborted()
  if (code instanceof Error) throw new UnpackTrouble('storage', `This node has no tar: ${code.message}.`, code)
  if (problem?.code === 'ENOENT') throw new UnpackTrouble('missing', `${archive} is gone.`, problem)
  if (problem?.code?.startsWith('Z_') === true) throw changed(archive, problem)
  if (problem !== null)
    throw new UnpackTrouble('storage', `${archive} could not be unpacked: ${problem.message}.`, problem)
  if (sum.digest('hex') !== sha256) throw changed(archive)
  if (code !== 0)
    throw new UnpackTrouble('storage', `tar could not unpack into ${into} (exit code ${code}): ${said.trim()}`)
}

/** tar reads to the end of what it needs, and closes its ear before the padding that follows; the whole archive is hashed all the same. */
function feeding(stdin: Writable): Writable {
  let over = false
  stdin.on('error', () => {
    over = true
  })
  return new Writable({
    write(piece: Buffer, _, done) {
      if (over || stdin.destroyed) done()
      else stdin.write(piece, () => done())
    },
  })
}

const changed = (archive: string, cause?: unknown): UnpackTrouble =>
  new UnpackTrouble('changed', `${archive} has other bytes than when it was packed.`, cause)
