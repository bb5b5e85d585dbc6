// The processes of a command: one group of its own, so that a signal reaches all that it started, and nothing of it outlives its run.
import { readdir, readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** @returns false: there is no such group any more */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw error
  }
}

/**
 * Sends a signal to those of the group that have a handler for it: any other it would end, which is what USR2 does by default.
 *
 * @returns how many there were
 */
export async function signalListeners(group: number, signal: 'SIGUSR2'): Promise<number> {
  const bit = 1n << BigInt(constants.signals[signal] - 1)
  let told = 0
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^[0-9]+$/.test(name)) continue
    try {
      if (groupOf(await readFile(`/proc/${name}/stat`, 'utf8')) !== group) continue
      if ((caughtBy(await readFile(`/proc/${name}/status`, 'utf8')) & bit) === 0n) continue
      process.kill(Number(name), signal)
      told += 1
    } catch {
      // It ended meanwhile.
    }
  }
  return told
}

/** man 5 proc: `pid (comm) state ppid pgrp …`, where comm may hold anything, ")" too. */
export const groupOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])

/** SigCgt of /proc/<pid>/status: a mask in hexadecimal, bit 0 for signal 1. */
export const caughtBy = (status: string): bigint => BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)

const LOOK_EVERY_MS = 25
/** What is killed is gone a moment later, unless the kernel holds it: then nobody waits. */
const KILLED_MS = 1000

/** What a command left running when it ended is told to end, and then ended. Slurm would do the same a moment later. */
export async function endLeftovers(group: number, graceMs: number): Promise<void> {
  if (!signalGroup(group, 'SIGTERM') || (await isGone(group, graceMs))) return
  if (signalGroup(group, 'SIGKILL')) await isGone(group, KILLED_MS)
}

async function isGone(group: number, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs
  while (performance.now() < until) {
    await sleep(LOOK_EVERY_MS)
    if (!signalGroup(group, 0)) return true
  }
  return false
}
