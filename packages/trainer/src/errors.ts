// What can go wrong in a training for a reason outside the code. fit() turns these into its outcome; a bug stays an exception.
import type { RunFailure } from '@trotline/contracts'

/** A code and the failure reason that it stands for. None is transient: the same node, data and request fail again. */
const CATALOGUE = {
  TRAIN_BAD_DATA: { reason: 'training' },
  /** The file is there, and the node's storage did not give it. */
  TRAIN_DATA_UNREADABLE: { reason: 'environment' },
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

/** Thrown where a stop was asked for before the first batch: no fault, and fit() makes the outcome `stopped` of it. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** @throws Stopped */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new Stopped('a stop was asked for before the training began')
}

export const failureOf = (error: TrainerError): RunFailure => ({
  reason: CATALOGUE[error.code].reason,
  code: error.code,
  detail: error.message,
})

/** TensorFlow's errors have a number on their first line, and what happened on the second. */
const TENSORFLOW = /^Invalid TF_Status: \d+\nMessage: (.+)/

/** What a library's error says, in one line and without its full stop, to stand inside a sentence of ours. */
export function said(error: unknown): string {
  // Native modules and emscripten throw what is not always an Error.
  const text =
    error instanceof Error ? error.message : String((error as { message?: unknown } | null)?.message ?? error)
  const line = TENSORFLOW.exec(text)?.[1] ?? text.split('\n', 1)[0] ?? ''
  return line.replace(/\.$/, '') || 'it failed without a word'
}
