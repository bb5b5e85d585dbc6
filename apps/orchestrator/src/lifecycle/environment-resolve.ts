// From what a request calls its environment (a lock's id or its beginning, a name, a spec) to one lock, pinned for good. Specs are solved
// here; the same problem under way is solved once, and one that was solved a moment ago is not solved again.
import type { EnvironmentLock, Repodata, RepodataSnapshot, SolveProgress } from '@trotline/contracts'
import { canonicalJson } from '@trotline/environment'
import type { Settings } from '../config.ts'
import { OrchestratorError } from '../errors.ts'
import type { LockDesk } from '../solving/lock-desk.ts'
import { type LockSummary, summaryOfLock } from '../solving/lock-work.ts'
import type { Solver } from '../solving/solver.ts'
import {
  type EnvironmentRecord,
  type EnvironmentStore,
  type Naming,
  packedLock,
  unpackedLock,
} from '../store/environments.ts'
import type { Idempotency } from '../store/job-store.ts'
import { createLockCache } from './environment-cache.ts'
import type { PinnedEnvironment } from './environment-pinned.ts'
import { problemId, type SolveFor, type SpecRead, specRead } from './environment-problem.ts'
import { createSolvesUnderWay } from './environment-under-way.ts'

/** One lock, and how it came about. */
export interface ResolvedEnvironment extends PinnedEnvironment {
  summary: LockSummary
  record: EnvironmentRecord
  /** false: it is new here. */
  isKept: boolean
  /** What a person should know of it. */
  notes: string[]
}

export interface Asking {
  /** The owner's id. */
  by: string
  at: string
  signal?: AbortSignal
  onProgress?: (progress: SolveProgress) => void
}

/** Every method @throws OrchestratorError STORE_UNREACHABLE */
export interface EnvironmentResolver {
  /**
   * An id, its beginning of eight digits or more, `ml@3` or `ml`.
   * @throws OrchestratorError ENVIRONMENT_NOT_FOUND
   */
  find(reference: string): Promise<{ id: string; name: string | null }>
  /** @throws OrchestratorError ENVIRONMENT_NOT_FOUND */
  kept(reference: string): Promise<ResolvedEnvironment>
  /** @throws SolveError for whatever keeps the spec from being solved */
  solved(spec: SpecRead, where: SolveFor, repodata: Repodata, asking: Asking): Promise<ResolvedEnvironment>
  /** @throws SolveError SPEC_REFUSED; of a large one SOLVE_BUSY and limits */
  readSpec(written: unknown): Promise<SpecRead>
  /** A lock that was given: the one that is kept already, where it is. */
  given(summary: LockSummary, notes: readonly string[], asking: Pick<Asking, 'by' | 'at'>): Promise<ResolvedEnvironment>
  /** Keeps it, if it is not kept; then it can be named. */
  keep(
    resolved: ResolvedEnvironment,
    options?: { naming?: Naming | null; idempotency?: Idempotency | null },
  ): Promise<{ id: string; created: boolean; name: string | null }>
}

interface Parts {
  store: EnvironmentStore
  solver: Solver
  desk: Pick<LockDesk, 'spec'>
  settings: Settings['environments']
}

/** A state of the channels that was kept gives the same lock for ever; so long it is remembered. */
const SNAPSHOT_LIFE_MS = 30 * 86_400_000

export function createEnvironmentResolver({ store, solver, desk, settings }: Parts): EnvironmentResolver {
  const cache = createLockCache()
  const underWay = createSolvesUnderWay()

  async function find(reference: string): Promise<{ id: string; name: string | null }> {
    const missing = (what: string): OrchestratorError => new OrchestratorError('ENVIRONMENT_NOT_FOUND', what)
    if (/^[0-9a-f]{8,64}$/.test(reference)) {
      const [id, second] = await store.startingWith(reference)
      if (second !== undefined)
        throw missing(`${reference} is the beginning of several environments: give more of its id.`)
      if (id !== undefined) return { id, name: null }
    }
    const [name = '', written] = reference.split('@')
    const version = written === undefined ? undefined : Number(written)
    // A name may look as an id does: deadbeef.
    const found = await store.named(name, version)
    if (found !== null) return { id: found.lock, name: `${name}@${found.version}` }
    if (/^[0-9a-f]{8,64}$/.test(reference)) throw missing(`There is no environment ${reference}.`)
    const history = version === undefined ? null : await store.history(name)
    const [newest] = history?.versions ?? []
    throw missing(
      newest === undefined
        ? `There is no environment named ${name}.`
        : `The environment ${name} has no version ${version}; its newest is ${newest.version}.`,
    )
  }

  async function keptAs(id: string, name: string | null): Promise<ResolvedEnvironment | null> {
    const record = await store.record(id)
    const pinned = cache.get(id) ?? (await readLock(id))
    if (record === null || pinned === null) return null
    return { ...pinned, name, record, isKept: true, notes: [] }
  }

  async function readLock(id: string) {
    const packed = await store.packed(id)
    if (packed === null) return null
    const canonical = await unpackedLock(packed)
    // It was held against its schema, and hashed, before it was kept.
    const lock = JSON.parse(canonical) as EnvironmentLock
    const read = { id, lock, summary: summaryOfLock(id, lock, canonical) }
    cache.put(id, read)
    return read
  }

  async function solvedBefore(problem: string): Promise<ResolvedEnvironment | null> {
    const before = await store.solvedBefore(problem)
    return before && keptAs(before.id, null)
  }

  async function keep(
    resolved: ResolvedEnvironment,
    { naming = null, idempotency = null }: { naming?: Naming | null; idempotency?: Idempotency | null } = {},
  ) {
    const { id, summary, record } = resolved
    return store.keep({ id, packed: await packedLock(summary.canonical) }, record, { naming, idempotency })
  }

  const resolver: EnvironmentResolver = {
    find,
    async kept(reference) {
      const { id, name } = await find(reference)
      const found = await keptAs(id, name)
      if (found !== null) return found
      throw new OrchestratorError('ENVIRONMENT_NOT_FOUND', `The lock of environment ${reference} is not kept any more.`)
    },

    readSpec: async written => specRead(written, await desk.spec(written)),

    async solved({ spec, text, notes }, where, repodata, { by, at, signal, onProgress }) {
      const snapshot = typeof repodata === 'object' ? repodata.snapshot : null
      const problem = problemId(spec, where, snapshot)
      const before = repodata === 'fresh' ? null : await solvedBefore(problem)
      if (before !== null) return { ...before, notes }
      const { platform, virtualPackages, gpu, words, target } = where
      // Sentences and places of what is wrong are those of whoever asks: the order of the lines, and what the target is called.
      const same = [problem, repodata === 'fresh', words, spec.dependencies]
      const solution = await underWay.join(
        JSON.stringify(same),
        (all, tell) =>
          solver.solve(
            { spec, platform, virtualPackages, gpu, targetWords: words, repodata },
            { by, signal: all, onProgress: tell },
          ),
        signal,
        onProgress,
      )
      const { pinned } = solution
      const summary = summaryOfLock(pinned.id, pinned.lock, canonicalJson(pinned.lock))
      const allNotes = [...notes, ...solution.notes]
      const record = recordOfLock(summary, { by, at, spec: text, notes: allNotes, target, snapshot: solution.snapshot })
      const solved = { ...pinned, name: null, summary, record, isKept: false, notes: allNotes }
      const { created } = await keep(solved)
      const resolved = { ...solved, isKept: !created }
      const solvedNow = { id: pinned.id, at }
      await store.noteSolved(
        problem,
        solvedNow,
        snapshot === null ? settings.repodata.freshMinutes * 60_000 : SNAPSHOT_LIFE_MS,
      )
      await store.noteSolved(problemId(spec, where, solution.snapshot.id), solvedNow, SNAPSHOT_LIFE_MS)
      return resolved
    },

    async given(summary, notes, { by, at }) {
      const kept = await keptAs(summary.id, null)
      if (kept !== null) return { ...kept, notes: [...notes] }
      const lock = JSON.parse(summary.canonical) as EnvironmentLock
      const record = recordOfLock(summary, { by, at, spec: null, notes: [...notes], target: null, snapshot: null })
      return { id: summary.id, lock, name: null, summary, record, isKept: false, notes: [...notes] }
    },

    keep,
  }
  return resolver
}

export function recordOfLock(
  { id, platform, packages, pipPackages, requirements }: LockSummary,
  how: {
    by: string
    at: string
    spec: string | null
    notes: string[]
    target: EnvironmentRecord['solvedFor']
    snapshot: RepodataSnapshot | null
  },
): EnvironmentRecord {
  return {
    id,
    platform,
    packages,
    pipPackages,
    requirements,
    createdAt: how.at,
    createdBy: how.by,
    solvedFor: how.target,
    snapshot: how.snapshot,
    spec: how.spec,
    notes: how.notes,
  }
}
