// Who uses the copy of an environment on this node: a file for each process that does. The copy is local, and so are the processes: what is
// written down of one that is gone from this very node counts no longer, however it went.
import { mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isFileSystemError } from '../durable-file.ts'

/** A pid comes again; with the time at which the process began, in the clock ticks of this boot, it does not. */
export interface ProcessMark {
  pid: number
  startedTicks: string
  boot: string
  /** A process in another pid namespace (a container) cannot be seen from here. */
  pids: string
}

export interface CopyUse extends ProcessMark {
  v: 1
  slurmJobId: string
}

export function markOf(pid: number | 'self' = 'self'): ProcessMark | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc(5): the name, in parentheses, may have anything in it; the 22nd field is the 20th after it.
    const [, ...fields] = stat.slice(stat.lastIndexOf(')')).split(' ')
    return {
      pid: Number.parseInt(stat, 10),
      startedTicks: fields[19] ?? '',
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      pids: readlinkSync('/proc/self/ns/pid'),
    }
  } catch (error) {
    if (isFileSystemError(error) && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null
    throw error
  }
}

/** One that cannot be seen from here counts as there, until this node starts anew. */
export function isThere(mark: ProcessMark): boolean {
  const own = markOf()
  if (own === null || mark.boot !== own.boot) return false
  if (mark.pids !== own.pids) return true
  const now = markOf(mark.pid)
  return now !== null && now.startedTicks === mark.startedTicks
}

/** As a part of a name: of a process that is gone, anybody may remove what it left. */
export const markText = ({ pid, startedTicks, boot }: ProcessMark): string =>
  `${pid}-${startedTicks}-${boot.slice(0, 8)}`

/** null: the text is none, or its process is gone. */
export function isMarkThere(text: string): boolean {
  const [, pid, startedTicks, boot] = /^(\d+)-(\d+)-([0-9a-f]{8})$/.exec(text) ?? []
  const now = pid === undefined ? null : markOf(Number(pid))
  return now !== null && now.startedTicks === startedTicks && now.boot.startsWith(boot ?? '-')
}

/** A process may come in more than once. */
let entries = 0

/** The caller holds the copy's lock. */
export function addUse(folder: string, slurmJobId: string): string {
  const mark = markOf()
  if (mark === null) throw new Error('this process is not in /proc')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  entries++
  const path = `${folder}/${slurmJobId.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64)}.${mark.pid}.${mark.startedTicks}.${entries}`
  const use: CopyUse = { v: 1, slurmJobId, ...mark }
  writeFileSync(`${path}.new`, JSON.stringify(use), { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return path
}

/** Those that are there; what the others left is removed. The caller holds the copy's lock. */
export function usesOf(folder: string): CopyUse[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if (isFileSystemError(error) && error.code === 'ENOENT') return []
    throw error
  }
  return names.flatMap(name => {
    const use = readUse(`${folder}/${name}`)
    if (use !== null && isThere(use)) return [use]
    rmSync(`${folder}/${name}`, { force: true })
    return []
  })
}

/** Written beside and renamed under the lock: one that cannot be read is a part of one, of a process that was killed. */
function readUse(path: string): CopyUse | null {
  try {
    const use = JSON.parse(readFileSync(path, 'utf8')) as Partial<CopyUse>
    const { pid, startedTicks, boot, pids, slurmJobId } = use
    if (typeof pid !== 'number' || [startedTicks, boot, pids, slurmJobId].some(one => typeof one !== 'string'))
      return null
    return use as CopyUse
  } catch {
    return null
  }
}
