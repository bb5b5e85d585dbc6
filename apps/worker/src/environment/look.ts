// `environment.mjs look`, and the look before a maker says that an environment is ready: what was made at <root>, against its lock.
import { EnvironmentLock, type EnvironmentLook } from '@trotline/contracts'
import { lockId as idOfLock } from '@trotline/environment'
import { commandOn, type Out } from './command-on.ts'
import { lookAtBytes } from './look-bytes.ts'
import { lookAtTimes } from './look-times.ts'
import { changedLook, jsonAt, LookTrouble, madePaths, readMade, readManifest, short } from './made-files.ts'
import { lookAtArchive } from './unpack.ts'

export interface LookOptions {
  signal?: AbortSignal
  /** Of the look at times; default: half a second, since nobody waits for this one on a GPU. */
  budgetMs?: number
}

const BUDGET_MS = 500

/** @throws LookTrouble missing, unreadable: a sentence says why nothing can be told */
export async function lookAtEnvironment(
  root: string,
  lockId: string,
  depth: EnvironmentLook['depth'],
  options: LookOptions = {},
): Promise<EnvironmentLook> {
  try {
    return await lookInside(root, lockId, depth, options)
  } catch (error) {
    const look = changedLook(error, lockId, depth)
    if (look === null) throw error
    return look
  }
}

async function lookInside(
  root: string,
  lockId: string,
  depth: EnvironmentLook['depth'],
  { signal, budgetMs = BUDGET_MS }: LookOptions,
): Promise<EnvironmentLook> {
  const made = readMade(root, lockId)
  const manifest = readManifest(root, made)
  // Packed, there is one file to look at, whatever the depth: what is in it is looked at where it is unpacked.
  if (made.form === 'packed') return lookAtArchive(root, made, { depth, signal })
  const { prefix } = made
  if (depth === 'times') return lookAtTimes({ prefix, lockId, manifest, salt: `${process.pid}` }, { budgetMs, signal })
  const lock = readLock(root, lockId)
  return (await lookAtBytes({ prefix, lock, lockId, manifest }, { signal })).look
}

/** As the maker was given it; its id is proof of it. @throws LookTrouble unreadable */
function readLock(root: string, lockId: string): EnvironmentLock {
  const { lockJson } = madePaths(root, lockId)
  const lock = EnvironmentLock.safeParse(jsonAt(lockJson))
  if (lock.success && idOfLock(lock.data) === lockId) return lock.data
  throw new LookTrouble(
    'unreadable',
    `${lockJson} is not the lock ${short(lockId)}, against which it is to be looked at.`,
  )
}

/** `look <root> <lock id> bytes|times`: prints an EnvironmentLook. */
export const lookCommand = (args: readonly string[], out: Out): Promise<number> =>
  commandOn(args, out, (root, lockId, [depth]) => {
    if (depth !== 'bytes' && depth !== 'times')
      throw new LookTrouble('unreadable', 'An environment is looked at by its bytes or by its times: say which.')
    return lookAtEnvironment(root, lockId, depth)
  })
