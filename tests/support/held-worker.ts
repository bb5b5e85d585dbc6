// The worker of a run, held by SIGSTOP: a training goes on when its test wants it to, and neither a fast machine nor a loaded one
// has it over, or not yet begun, when something is to happen to it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '@trotline/contracts'
import { isAlive, readProcess } from '../../deploy/local/proc.ts'
import { eventually } from './eventually.ts'

export interface HeldWorker {
  /** Whole lines of epochs.jsonl. */
  epochsOnDisk(): Promise<number>
  /** A little at a time, until the fact is there; it is held again then. */
  trainUntil(what: string, fact: () => Promise<boolean> | boolean): Promise<void>
  /** Once more, after a signal of Slurm's has woken it. */
  hold(): void
  release(): void
}

/** At 3 to 30 ms an epoch these are a few epochs at a time. */
const STEP_MS = 15
/**
 * What is waited for are a few epochs. So many on disk are more than that, and what is missing is the word of them: on a loaded machine
 * that takes seconds, in which steps one after another would train the job to its end.
 */
const PLENTY_EPOCHS = 30
const PLENTY_PAUSE_MS = 1_000
const HANG_MS = 300_000

/** Held from before its first epoch on, and let go when the test is over. */
export async function holdWorker(
  t: { after(undo: () => void): void },
  { workDir }: { workDir: string },
  { id, identity }: Pick<Job, 'id' | 'identity'>,
  run = '1-0',
): Promise<HeldWorker> {
  const folder = join(workDir, 'jobs', identity.unixUser, id, 'runs', run)
  const textOf = (file: string): Promise<string> => readFile(join(folder, file), 'utf8').catch(() => '')
  // Said by the process that is past the fence, before it loads what it trains with: that takes longer than a look at a file.
  const endAtMs = Date.now() + HANG_MS
  while (!/^training /m.test(await textOf('stdout'))) {
    if (Date.now() > endAtMs) throw new Error(`not within ${HANG_MS} ms: run ${run} of job ${id} trains`)
    await sleep(10)
  }
  const { pid } = JSON.parse(await textOf('fence')) as { pid: number }
  const worker = readProcess(pid)
  const send = (signal: NodeJS.Signals): void => {
    try {
      if (worker !== undefined && isAlive(worker)) process.kill(pid, signal)
    } catch {
      // It has ended in between.
    }
  }
  const held: HeldWorker = {
    epochsOnDisk: async () => (await textOf('epochs.jsonl')).split('\n').length - 1,
    async trainUntil(what, fact) {
      const before = await held.epochsOnDisk()
      let steppedAtMs = 0
      await eventually(
        what,
        async () => {
          if (await fact()) return true
          const isPlenty = (await held.epochsOnDisk()) - before >= PLENTY_EPOCHS
          if (isPlenty && Date.now() - steppedAtMs < PLENTY_PAUSE_MS) return false
          steppedAtMs = Date.now()
          send('SIGCONT')
          await sleep(STEP_MS)
          send('SIGSTOP')
          return false
        },
        HANG_MS,
      )
    },
    hold: () => send('SIGSTOP'),
    release: () => send('SIGCONT'),
  }
  t.after(held.release)
  held.hold()
  return held
}
