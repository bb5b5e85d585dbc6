// The thread that a spec is solved in: the solver blocks it, may panic, and may never come to an end; it is then ended from outside. It
// loads the solver before there is a problem, so that one that waits starts at once.
import { parentPort, workerData } from 'node:worker_threads'
import type { LockedPip } from '@trotline/contracts'
import { type Choice, chooseConda, loadRattler, lockOf, type Rattler } from '@trotline/environment/solve'
import { openIndex } from './channels/repodata-index.ts'
import { giveWay } from './give-way.ts'
import { SolveError, type SolveErrorCode, type SolveFinding } from './solve-error.ts'
import type { FromThread, ThreadOrder, ThreadProblem, ToThread } from './solve-messages.ts'

const port = parentPort
if (port === null) throw new TypeError('the solve thread is no program of its own')
const tell = (message: FromThread): void => port.postMessage(message)

giveWay()
const { memoryBytes, module } = workerData as ThreadOrder
/** A panic is told on the console before the solver ends; running out of memory is not. */
const told: string[] = []
console.error = (...words: unknown[]): void => void told.push(words.map(String).join(' ').slice(0, 2000))
const rattler = await loadRattler({ memoryBytes, ...(module === null ? {} : { module }) })

// The solver throws outside of its promise, which then never settles.
process.on('uncaughtException', error => die(error))
process.on('unhandledRejection', error => die(error))

let handPip: (pip: LockedPip[]) => void = () => undefined
port.on('message', (message: ToThread) => {
  if (message.kind === 'solve') void answer(message.problem).catch(die)
  else handPip(message.pip)
})
tell({ kind: 'ready', module: rattler.module })

async function answer(problem: ThreadProblem): Promise<void> {
  told.length = 0
  try {
    tell(await answerTo(problem, rattler))
  } catch (error) {
    if (!(error instanceof SolveError)) throw error
    tell({ kind: 'refused', code: error.code, message: error.message, findings: [...error.findings], tree: error.tree })
  }
  tell({ kind: 'free', memoryBytes: rattler.memory().bytes })
}

async function answerTo(problem: ThreadProblem, rattler: Rattler): Promise<FromThread> {
  const until = performance.now() + problem.explainMs
  const indexes = problem.channels.map(({ written, url, files }) => ({ written, url, sources: files.map(openIndex) }))
  try {
    const solving = await chooseConda({ ...problem, channels: indexes }, rattler, {
      onReached: ({ records, names }) => tell({ kind: 'reached', records, names }),
      onRefused: tree => tell({ kind: 'refusing', tree }),
      mayGoOn: () => performance.now() < until,
    })
    if (!solving.ok) return refused(BECAUSE[solving.because], solving.findings, solving.tree)
    const { choice } = solving
    const packages = choice.records.map(({ name = '', version = '' }) => ({ name, version }))
    tell({ kind: 'chosen', packages })
    return locked(choice, await handedPip())
  } finally {
    for (const { sources } of indexes) for (const source of sources) source.close()
  }
}

const BECAUSE = { spec: 'SPEC_REFUSED', impossible: 'SOLVE_IMPOSSIBLE', garbage: 'CHANNEL_GARBAGE' } as const

function locked(choice: Choice, pip: readonly LockedPip[]): FromThread {
  const reading = lockOf(choice, pip)
  if (!reading.ok) return refused('CHANNEL_GARBAGE', reading.findings, null)
  const notes = [...choice.notes, ...reading.notes].map(one => one.detail)
  return { kind: 'locked', pinned: reading.value, notes }
}

const handedPip = (): Promise<LockedPip[]> =>
  new Promise(resolve => {
    handPip = resolve
  })

function refused(code: SolveErrorCode, findings: SolveFinding[], tree: string | null): FromThread {
  return { kind: 'refused', code, message: findings[0]?.detail ?? 'The spec cannot be solved.', findings, tree }
}

function die(error: unknown): void {
  const { bytes, most } = rattler.memory()
  const words = [...told, error instanceof Error ? `${error.name}: ${error.message}` : String(error)].join('\n')
  // A list that has to grow asks for twice what it has: half of the limit is as far as it comes.
  tell({ kind: 'died', words: words.slice(0, 4000), outOfMemory: told.length === 0 && bytes > most / 2 })
  process.exit(1)
}
