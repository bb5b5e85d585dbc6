// state.json: what the maker says of itself, for a server that looks now and then. Written beside and renamed, at most twice a
// second, and at least every two seconds, so that it shows that the maker is alive.
import { hostname } from 'node:os'
import { join } from 'node:path'
import {
  type BuildOrder,
  type BuildProgress,
  type BuildState,
  type BuildStep,
  type BuildTrouble,
  ENVIRONMENT_FILES,
  type Installer,
} from '@trotline/contracts'
import { replacePublicly } from './public-file.ts'

const SPACING_MS = 500
const ALIVE_MS = 2000

export interface StateFile {
  /** Without progress: that of the step before is no longer told. */
  step(step: BuildStep, progress?: BuildProgress | null): void
  installer(installer: Installer): void
  /** @throws where the file system refuses */
  end(outcome: 'made' | 'ready' | 'failed', trouble: BuildTrouble | null): Promise<void>
}

export function openState(
  buildDirectory: string,
  { attempt }: Pick<BuildOrder, 'attempt'>,
  replace = replacePublicly,
): StateFile {
  const path = join(buildDirectory, ENVIRONMENT_FILES.state)
  const startedAt = new Date().toISOString()
  const state: BuildState = {
    v: 1,
    attempt,
    host: hostname(),
    pid: process.pid,
    startedAt,
    at: startedAt,
    step: 'wait',
    progress: null,
    installer: null,
    outcome: null,
    trouble: null,
  }
  let changed = true
  let writtenAt = Number.NEGATIVE_INFINITY
  let writtenBefore = Number.NEGATIVE_INFINITY
  // On a slow file system a write takes longer than the time to the next; two at once would share the file beside.
  let writing: Promise<void> | null = null
  const write = (): Promise<void> => {
    changed = false
    writtenBefore = writtenAt
    writtenAt = performance.now()
    state.at = new Date().toISOString()
    return replace(path, `${JSON.stringify(state)}\n`)
  }
  const tick = (): void => {
    if (writing !== null) return
    const age = performance.now() - writtenAt
    // A full disk shows where it matters; the state is written again at the next tick.
    if (age < ALIVE_MS && (!changed || age < SPACING_MS)) return
    writing = write()
      .catch(() => undefined)
      .finally(() => {
        writing = null
      })
  }
  tick()
  const timer = setInterval(tick, SPACING_MS)
  return {
    step(step, progress = null) {
      if (state.step === step && JSON.stringify(state.progress) === JSON.stringify(progress)) return
      Object.assign(state, { step, progress })
      changed = true
    },
    installer(installer) {
      state.installer = installer
      changed = true
    },
    async end(outcome, trouble) {
      clearInterval(timer)
      await writing
      const rest = 2 * SPACING_MS - (performance.now() - writtenBefore)
      if (rest > 0) await new Promise(resolve => setTimeout(resolve, rest))
      Object.assign(state, { outcome, trouble })
      await write()
    },
  }
}
