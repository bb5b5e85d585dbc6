// The lock of one environment, and that of the package cache: flock(2) on a file. Node.js has no call for it; util-linux' flock(1)
// locks a descriptor that it is handed, and the lock stays with the open file for as long as any process has it. The installer is
// handed it too: where the maker is killed, the installer it leaves behind still holds the lock until it has ended.
import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, statSync } from 'node:fs'
import { buildFailure } from './build-failure.ts'

export interface HeldLock {
  /** To be handed to children, as an entry of `stdio`: Node.js closes it in them otherwise. */
  readonly descriptor: number
  release(): void
}

export interface LockOptions {
  signal?: AbortSignal | undefined
  /** Somebody else has it. */
  onWait?: (() => void) | undefined
}

/** flock(1): of -n where somebody else holds it. */
const HELD_BY_ANOTHER = 1

/**
 * @throws whatever `signal` was aborted with
 * @throws BuildFailure storage: no flock(1), or a file system without locks (Lustre that is not mounted with `flock`)
 */
export async function holdLock(path: string, { signal, onWait }: LockOptions = {}): Promise<HeldLock> {
  signal?.throwIfAborted()
  // Nobody else may open it: flock(2) asks for no more than that, and who has the lock keeps everybody from making anything.
  const descriptor = openSync(path, 'a', 0o600)
  let counts: boolean
  try {
    if (!(await flock(descriptor, path, true, signal))) {
      onWait?.()
      signal?.throwIfAborted()
      await flock(descriptor, path, false, signal)
    }
    counts = isStill(path, descriptor)
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
  if (!counts) {
    closeSync(descriptor)
    return holdLock(path, { signal, onWait })
  }
  let held = true
  return {
    descriptor,
    release() {
      if (held) closeSync(descriptor)
      held = false
    },
  }
}

/** null: somebody else has it. @throws as holdLock */
export async function lockIfFree(path: string): Promise<HeldLock | null> {
  const another = new AbortController()
  try {
    return await holdLock(path, { signal: another.signal, onWait: () => another.abort() })
  } catch (error) {
    if (another.signal.aborted) return null
    throw error
  }
}

/** Somebody tidied up while it was waited for: a file without a name is no lock, since others lock the one that has the name now. */
function isStill(path: string, descriptor: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  const ours = fstatSync(descriptor)
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev
}

function flock(descriptor: number, path: string, atOnce: boolean, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', ['--exclusive', ...(atOnce ? ['--nonblock'] : []), '3'], {
      stdio: ['ignore', 'ignore', 'pipe', descriptor],
    })
    let said = ''
    child.stderr?.on('data', piece => {
      said = `${said}${piece}`.slice(-1000)
    })
    const stop = (): void => void child.kill('SIGKILL')
    signal?.addEventListener('abort', stop, { once: true })
    child.on('error', cause => {
      signal?.removeEventListener('abort', stop)
      reject(
        buildFailure('storage', 'This machine has no flock(1) of util-linux, without which nothing is made.', {
          cause,
        }),
      )
    })
    child.on('close', code => {
      signal?.removeEventListener('abort', stop)
      if (signal?.aborted) reject(signal.reason)
      else if (code === 0) resolve(true)
      else if (code === HELD_BY_ANOTHER && atOnce) resolve(false)
      else
        reject(
          buildFailure(
            'storage',
            `${path} cannot be locked: the file system has no locks that all its machines share.`,
            {
              evidence: said.split('\n').filter(line => line !== ''),
            },
          ),
        )
    })
  })
}
