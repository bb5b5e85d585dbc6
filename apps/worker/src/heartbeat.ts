// A sign of life every 15 s: runs/<run>/heartbeat, and whatever else is to be done as often. An hour-long epoch says nothing else.
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RUN_FILES } from '@trotline/contracts'

export const HEARTBEAT_MS = 15_000

export interface HeartbeatOptions {
  runDirectory: string
  /** The last finished epoch, null before the first. */
  epoch(): number | null
  /** Called with every beat but the first. */
  onBeat(epoch: number | null): void
  everyMs: number
  say(line: string): void
}

export interface Heartbeat {
  /** Resolves when the last beat is over: nothing of it comes into the run's folder any more. */
  stop(): Promise<void>
}

/** The first beat is on its way when this returns. A beat that cannot be written is said once and ends nothing. */
export function startHeartbeat({ runDirectory, epoch, onBeat, everyMs, say }: HeartbeatOptions): Heartbeat {
  let failed = false
  let underWay: Promise<void> | null = null
  const write = (): void => {
    // One at a time: on storage that stood still for longer than a beat, the next one's file would be renamed away under it.
    underWay ??= writeHeartbeat(runDirectory, epoch())
      .catch((error: Error) => {
        if (!failed) say(`the heartbeat cannot be written: ${error.message}`)
        failed = true
      })
      .finally(() => {
        underWay = null
      })
  }
  write()
  const timer = setInterval(() => {
    write()
    onBeat(epoch())
  }, everyMs)
  return {
    async stop() {
      clearInterval(timer)
      await underWay
    },
  }
}

async function writeHeartbeat(runDirectory: string, epoch: number | null): Promise<void> {
  const path = join(runDirectory, RUN_FILES.heartbeat)
  await writeFile(`${path}.new`, `${JSON.stringify({ at: new Date().toISOString(), epoch })}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
