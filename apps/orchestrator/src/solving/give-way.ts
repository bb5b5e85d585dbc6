// What computes for seconds gives way to what answers people.
import { readlinkSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/** With the event loop on the same processor, a tenth of its time is left to a thread that is nicer by this (sched(7)). */
const NICER = 10

/**
 * The thread that calls it, and no other: on Linux a nice value is a thread's own (sched(7)). For worker threads; where the system does not
 * say which one this is, or does not let it, it stays as it was.
 */
export function giveWay(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    setPriority(thread, Math.min(getPriority(thread) + NICER, constants.priority.PRIORITY_LOW))
  } catch {
    // It computes all the same.
  }
}
