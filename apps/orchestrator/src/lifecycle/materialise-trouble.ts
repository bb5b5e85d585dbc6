// Why an environment could not be made, in the words of a build's troubles, and the record of it.
import type { BuildFault, BuildTrouble } from '@trotline/contracts'
import type { CodedError } from '../errors.ts'
import type { MaterialisationRecord } from '../store/materialisations.ts'
import type { MaterialiseContext } from './materialise-context.ts'
import { troubled } from './materialise-moves.ts'

type Record = MaterialisationRecord

export const fail = (record: Record, context: MaterialiseContext, trouble: BuildTrouble): Promise<Record | null> =>
  context.change(record.lock, current => {
    const next = troubled(current, context.now().toISOString(), trouble)
    context.log[next.state === 'failed' ? 'warn' : 'info'](
      { lock: record.lock, attempt: record.attempt, code: trouble.code },
      `environment: ${next.detail}`,
    )
    return next
  })

export const refused = (detail: string): BuildTrouble => ({ code: 'refused', detail, evidence: [], transient: false })

const FAULTS: { readonly [code: string]: BuildFault } = {
  CHANNEL_REFUSED: 'archive-unavailable',
  CHANNEL_NOT_FOUND: 'archive-unavailable',
  CHANNEL_DENIED: 'archive-unavailable',
  CHANNEL_AWAY: 'archive-unavailable',
  CHANNEL_GARBAGE: 'archive-changed',
}

/** What could not be brought to the cluster. Whether it passes was decided where it happened. */
export const troubleOf = (error: CodedError): BuildTrouble => ({
  code: FAULTS[error.code] ?? 'storage',
  detail: error.message.slice(0, 2_000),
  evidence: [error.code],
  transient: error.transient,
})
