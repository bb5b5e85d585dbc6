// The fence: one process trains for a run. Whoever creates runs/<run>/fence exclusively is that process.
// link(2) of a finished file, not open(O_EXCL): it is atomic on NFS too, and a reader never sees an empty fence.
import { randomUUID } from 'node:crypto'
import { link, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Fence, RUN_FILES } from '@trotline/contracts'
import { syncDirectory, writeSynced } from './durable-file.ts'
import type { Leave } from './leave.ts'
import type { Allocation } from './settings.ts'

export function newFence({ slurmJobId, node }: Allocation): Fence {
  return { v: 1, slurmJobId, node, nonce: randomUUID(), pid: process.pid, at: new Date().toISOString() }
}

/** Who holds the fence: null where nobody does, 'unreadable' where the file is no fence of ours. */
async function holder(path: string): Promise<Fence | 'unreadable' | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    return Fence.parse(JSON.parse(text))
  } catch {
    return 'unreadable'
  }
}

function heldBy(held: Fence | 'unreadable'): Leave {
  const who =
    held === 'unreadable'
      ? 'a file that is no fence of ours'
      : `Slurm job ${held.slurmJobId} on ${held.node}, process ${held.pid}, since ${held.at}`
  return { leave: 'fenced', why: `the fence of this run is held by ${who}` }
}

/** null: the fence is ours and on disk. A process that finds it held writes nothing at all. */
export async function takeFence(runDirectory: string, fence: Fence): Promise<Leave | null> {
  const path = join(runDirectory, RUN_FILES.fence)
  const earlier = await holder(path)
  if (earlier) return heldBy(earlier)

  const beside = `${path}.${fence.nonce}`
  try {
    await writeSynced(beside, `${JSON.stringify(fence)}\n`, 'wx')
    await link(beside, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPERM' || code === 'EOPNOTSUPP' || code === 'ENOSYS')
      return {
        leave: 'unusable',
        why: `the fence cannot be made: ${runDirectory} is on a file system without hard links`,
      }
    if (code !== 'EEXIST') throw error
  } finally {
    await unlink(beside).catch(() => undefined)
  }
  await syncDirectory(runDirectory)

  // An NFS client that repeats a lost request answers EEXIST for the link that it made itself: the nonce decides.
  const now = await holder(path)
  if (now && now !== 'unreadable' && now.nonce === fence.nonce) return null
  return heldBy(now ?? 'unreadable')
}
