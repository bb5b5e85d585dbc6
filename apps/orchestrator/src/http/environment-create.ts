// POST /v1/environments: from a spec or a lock to a lock that is kept, named where that is asked for, and judged where it is to run.
import type { EnvironmentMade, EnvironmentRequest, SolveProgress } from '@trotline/contracts'
import type { Principal } from '../lifecycle/accept.ts'
import type { ResolvedEnvironment } from '../lifecycle/environment-resolve.ts'
import type { LockRead } from '../solving/lock-work.ts'
import { SolveError } from '../solving/solve-error.ts'
import type { Idempotency } from '../store/job-store.ts'
import { type FoundTarget, targetFound } from './environment-target.ts'
import { viewOf } from './environment-view.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'
import { findingAt, solveProblem } from './solve-problem.ts'

export interface EnvironmentToCreate {
  services: Services
  body: EnvironmentRequest
  /** What the body's lock was read to; null: it has a spec. */
  lock: LockRead | null
  principal: Principal
  idempotency: Idempotency | null
}

/** `lock`: as it is kept, canonical JSON. */
export interface CreatedEnvironment {
  shown: Omit<EnvironmentMade, 'lock'>
  lock: string
  replayed: boolean
}

export interface Following {
  signal: AbortSignal
  onProgress?: (progress: SolveProgress) => void
}

/** What can be told before anything is solved. Then `create` does it. @throws ProblemError */
export async function prepared(
  given: EnvironmentToCreate,
): Promise<(following: Following) => Promise<CreatedEnvironment>> {
  const { services, body, lock, principal, idempotency } = given
  const { environments, resolver } = services
  if (lock !== null && !lock.ok) throw lockRefused(lock)
  const known = idempotency && (await environments.idempotent(idempotency))
  const target = body.target === undefined ? null : await targetFound(body.target, services)
  if (known) {
    const before = await resolver.kept(known)
    return async () => ({ ...(await answerOf(before, { created: false, target, services })), replayed: true })
  }
  if (body.name !== undefined) await mayName(body.name, given)
  return async following => {
    const asking = { by: principal.owner.id, at: services.now().toISOString(), ...following }
    const resolved =
      lock === null ? await solved(body, target, asking, services) : await resolver.given(lock.lock, lock.notes, asking)
    const naming =
      body.name === undefined
        ? null
        : { name: body.name, by: principal.owner.id, operator: principal.role === 'operator' }
    const kept = await resolver.keep(resolved, { naming, idempotency })
    const created = kept.created || !resolved.isKept
    return { ...(await answerOf(resolved, { created, target, services })), replayed: false }
  }
}

/** Before a minute is spent on solving it. */
async function mayName(name: string, { services, principal }: EnvironmentToCreate): Promise<void> {
  const history = await services.environments.history(name)
  if (history === null || history.owner === principal.owner.id || principal.role === 'operator') return
  throw new ProblemError(
    'forbidden',
    `The name ${name} belongs to ${history.owner}, who named its first version; only they and operators add versions. Anybody may use it.`,
    [{ pointer: '/name', detail: `The name ${name} is taken`, found: name, hint: 'Take another name' }],
  )
}

async function solved(
  { spec, repodata }: EnvironmentRequest,
  target: FoundTarget | null,
  asking: Parameters<Services['resolver']['solved']>[3],
  { resolver }: Services,
): Promise<ResolvedEnvironment> {
  try {
    if (target === null) throw new TypeError('a spec comes with a target')
    return await resolver.solved(await resolver.readSpec(spec), target.solveFor(), repodata, asking)
  } catch (error) {
    throw error instanceof SolveError ? solveProblem(error, '/spec') : error
  }
}

function lockRefused({ findings }: Extract<LockRead, { ok: false }>): ProblemError {
  const [first] = findings
  return new ProblemError(
    'environment-refused',
    `The lock cannot be read. ${first?.detail ?? ''}`,
    findings.map(finding => findingAt(finding, '/lock')),
  )
}

/** Of a lock that was kept before the record tells how it came about then; notes are those of this request. */
async function answerOf(
  { record, summary, lock, notes }: ResolvedEnvironment,
  { created, target, services }: { created: boolean; target: FoundTarget | null; services: Services },
): Promise<Omit<CreatedEnvironment, 'replayed'>> {
  const shown = await viewOf({ ...record, notes: notes.length > 0 ? notes : record.notes }, services)
  return { shown: { ...shown, created, compatibility: target?.judge(lock) ?? null }, lock: summary.canonical }
}

/** A lock of 5,000 packages is not parsed to be written again. */
export const madeJson = ({ shown, lock }: Pick<CreatedEnvironment, 'shown' | 'lock'>): string =>
  `${JSON.stringify(shown).slice(0, -1)},"lock":${lock}}`
