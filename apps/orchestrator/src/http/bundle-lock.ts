// The lock that a bundle brings, held against the request beside it: what is run is what the request is pinned to.
import type { Bundle, Finding } from '@trotline/contracts'
import type { LockRead, LockSummary } from '../solving/lock-work.ts'
import { ProblemError } from './problems.ts'
import { findingAt } from './solve-problem.ts'

/**
 * null: the job has no environment. @param read what the bundle's lock was read to; null: it has none
 * @throws ProblemError invalid-request where the two do not belong together, or the lock is none
 */
export function lockOfBundle({ request }: Pick<Bundle, 'request'>, read: LockRead | null): LockSummary | null {
  const { environment } = request
  if (read !== null && !read.ok)
    throw new ProblemError(
      'invalid-request',
      `The lock in the bundle cannot be read. ${read.findings[0]?.detail ?? ''}`,
      read.findings.map(finding => findingAt(finding, '/bundle/lock')),
    )
  const lock = read?.lock ?? null
  if (environment === null && lock === null) return null
  if (environment === null || !('lock' in environment))
    throw misfit({
      pointer: '/bundle/request/environment',
      detail: 'The request of a bundle names its environment by its lock, or has none',
      required: lock === null ? 'null' : `{"lock": "${lock.id}"}`,
    })
  if (lock === null)
    throw misfit({
      pointer: '/bundle/lock',
      detail: 'The lock that the request names is not in the bundle',
      required: environment.lock,
      found: 'null',
    })
  if (lock.id !== environment.lock)
    throw misfit({
      pointer: '/bundle/lock',
      detail: 'The lock in the bundle is not the one that its request names',
      required: environment.lock,
      found: lock.id,
    })
  return lock
}

const misfit = (finding: Finding): ProblemError => new ProblemError('invalid-request', `${finding.detail}.`, [finding])
