// What can go wrong in a training for a reason outside the code. fit() turns these into its outcome; a bug stays an exception.
import type { RunFailure } from '@trotline/contracts'

/** A code and the failure reason that it stands for. None is transient: the same node, data and request fail again. */
const CATALOGUE = {
  TRAIN_BAD_DATA: { reason: 'training' },
  TRAIN_BAD_MODEL: { reason: 'training' },
  TRAIN_NAN_LOSS: { reason: 'training' },
  TRAIN_TOO_LARGE: { reason: 'training' },
  BACKEND_UNAVAILABLE: { reason: 'incompatible-node' },
} as const satisfies Record<string, { reason: RunFailure['reason'] }>

export type TrainerErrorCode = keyof typeof CATALOGUE

export class TrainerError extends Error {
  override readonly name = 'TrainerError'
  readonly code: TrainerErrorCode
  readonly transient = false
  readonly details: Readonly<Record<string, unknown>>

  /** @param detail one sentence for people, with the figures of this training */
  constructor(
    code: TrainerErrorCode,
    detail: string,
    { details = {}, cause }: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(detail, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }
}

export const failureOf = (error: TrainerError): RunFailure => ({
  reason: CATALOGUE[error.code].reason,
  code: error.code,
  detail: error.message,
})
