// Specs become locks: the channels' repodata is fetched, a thread solves, and what pip adds is pinned. Whatever the spec, the channels or
// the solver do, it ends in a lock or a SolveError, and the event loop is never held up.
import type { Worker } from 'node:worker_threads'
import type {
  CondaPlatform,
  EnvironmentSpec,
  LockedPip,
  Repodata,
  RepodataSnapshot,
  SolveProgress,
  VirtualPackages,
} from '@trotline/contracts'
import { channelsAsked, type PinnedLock, pipPins } from '@trotline/environment'
import type { WasmModule } from '@trotline/environment/solve'
import type { Logger } from 'pino'
import type { EnvironmentsSettings } from '../environment-settings.ts'
import type { Channels } from './channels/channels.ts'
import type { RepodataFile } from './channels/repodata-file.ts'
import { refuseOverlap } from './pip-beside-conda.ts'
import { SolveError } from './solve-error.ts'
import type { FromThread, ThreadProblem } from './solve-messages.ts'
import { cancelled, createSolveQueue } from './solve-queue.ts'
import { openSolveThread, runInThread } from './solve-run.ts'
import { compilePip } from './uv.ts'

export interface SolveProblem {
  spec: EnvironmentSpec
  platform: CondaPlatform
  virtualPackages: VirtualPackages
  /** Whose they are, in words: `partition gpuold`. */
  targetWords: string
  /** It is to run on a GPU: without a known driver it is refused. */
  gpu: boolean
  repodata: Repodata
}

export interface Solution {
  pinned: PinnedLock
  /** Sentences for people. */
  notes: string[]
  snapshot: RepodataSnapshot
  /** From the moment it was asked for. */
  seconds: number
}

export interface Solver {
  /** `by`: the owner's id; owners take turns. @throws SolveError with a sentence of ours first, and the solver's own explanation in `tree` */
  solve(
    problem: SolveProblem,
    options?: { by?: string; signal?: AbortSignal; onProgress?: (progress: SolveProgress) => void },
  ): Promise<Solution>
  /** Ends whatever is being solved, with SOLVE_CANCELLED. */
  close(): Promise<void>
}

export function createSolver(
  settings: EnvironmentsSettings,
  { log, channels }: { log: Logger; channels: Channels },
): Solver {
  const { timeLimitSeconds, memoryMiB } = settings.solve
  const queue = createSolveQueue(settings.solve)
  const closing = new AbortController()
  /** Loaded, and without a problem; one at least, once somebody has asked. */
  const idle = new Set<Worker>()
  /** The solver as the first thread compiled it: the next ones start in a fifth of the time. */
  let module: WasmModule | null = null

  function warm(): void {
    if (idle.size > 0 || closing.signal.aborted) return
    const thread = openedThread()
    if (thread === null) return
    const drop = (error?: unknown): void => {
      if (idle.delete(thread)) log.error({ error }, 'a thread for solving ended while it had nothing to do')
    }
    thread.on('error', drop).on('exit', () => drop())
    thread.on('message', (message: FromThread) => {
      if (message.kind === 'ready') module = message.module
    })
    idle.add(thread)
  }

  function openedThread(): Worker | null {
    try {
      return openSolveThread({ memoryMiB, module })
    } catch (error) {
      log.error({ error }, 'the system grants no thread for solving')
      return null
    }
  }

  function takeThread(): Worker {
    warm()
    const [thread] = idle
    if (thread === undefined)
      throw closing.signal.aborted
        ? cancelled()
        : new SolveError('SOLVE_BUSY', 'This server cannot start another thread to solve in; send it again in a while.')
    idle.delete(thread)
    return thread
  }

  function keepThread(thread: Worker): void {
    if (idle.size < settings.solve.atOnce && !closing.signal.aborted) idle.add(thread)
    else void thread.terminate()
  }

  return {
    async solve(problem, { by, signal: callers, onProgress = () => undefined } = {}) {
      const began = performance.now()
      const signal = callers === undefined ? closing.signal : AbortSignal.any([callers, closing.signal])
      const pins = pinsOf(problem.spec, settings)
      const written = channelsOf(problem.spec)
      const place = queue.enter(by)
      try {
        warm()
        const { files, snapshot, notes } = await channels.repodata(written, problem.platform, problem.repodata, {
          signal,
          onProgress,
        })
        await place.turn(signal)
        const of = channelsWithFiles(written, files, channels)
        const thread = takeThread()
        let records = 0
        const { pinned, notes: remarks } = await runInThread({
          thread,
          problem: threadProblem(problem, of, timeLimitSeconds),
          timeLimitMs: timeLimitSeconds * 1000,
          memoryMiB,
          signal,
          onFree: keepThread,
          onReached: reached => {
            records = reached.records
            onProgress({ step: 'solve', records, packages: null })
          },
          pip: async packages => {
            onProgress({ step: 'solve', records, packages: packages.length })
            const found = pins ?? (await compilePip(problem, packages, settings, signal))
            const asked = found.map(({ name, version }) => ({ name, words: `${name}==${version}` }))
            refuseOverlap(asked, packages)
            if (pins === null) onProgress({ step: 'pip', packages: found.length })
            return found
          },
        })
        return { pinned, notes: [...notes, ...remarks], snapshot, seconds: (performance.now() - began) / 1000 }
      } catch (error) {
        if (error instanceof SolveError && error.code === 'SOLVER_DIED')
          log.error({ words: error.details.words }, 'the solver ended without an answer')
        throw error
      } finally {
        place.leave()
        // The next solve finds one that waits.
        warm()
      }
    },
    async close() {
      closing.abort()
      const threads = [...idle]
      idle.clear()
      await Promise.all(threads.map(thread => thread.terminate()))
    },
  }
}

/** null: uv works them out. @throws SolveError PIP_REFUSED */
function pinsOf(spec: EnvironmentSpec, { uv, pipIndex }: EnvironmentsSettings): LockedPip[] | null {
  const reading = pipPins(spec)
  if (reading.ok) return reading.value
  if (uv !== null && pipIndex !== null) return null
  const [first] = reading.findings
  throw new SolveError(
    'PIP_REFUSED',
    `${first?.detail ?? 'The pip part is not pinned.'} This server has no uv to work out releases and hashes with.`,
    { findings: reading.findings },
  )
}

/** A snapshot has two documents of each. */
const MOST_CHANNELS = 32

/** @throws SolveError SPEC_REFUSED */
function channelsOf(spec: EnvironmentSpec): string[] {
  const { listed, pinnedOnly } = channelsAsked(spec)
  const all = [...listed, ...pinnedOnly]
  if (all.length <= MOST_CHANNELS) return all
  const detail = `The spec takes packages from ${all.length} channels, and at most ${MOST_CHANNELS} are asked for one.`
  const findings = [{ pointer: '/dependencies', detail, line: null, column: null }]
  throw new SolveError('SPEC_REFUSED', detail, { findings })
}

function channelsWithFiles(
  written: readonly string[],
  files: readonly RepodataFile[],
  channels: Channels,
): ThreadProblem['channels'] {
  return written.map(name => {
    const url = channels.urlOf(name)
    return { written: name, url, files: files.filter(one => one.channel === url) }
  })
}

function threadProblem(
  { spec, platform, virtualPackages, targetWords, gpu }: SolveProblem,
  channels: ThreadProblem['channels'],
  timeLimitSeconds: number,
): ThreadProblem {
  // Explaining a refusal ends by itself before the time limit does.
  return { spec, platform, virtualPackages, targetWords, gpu, channels, explainMs: timeLimitSeconds * 500 }
}
