// The head of a run's `checkpoint`: which training it belongs to, how far it got, and what the numbers behind it are.
// The file is binary; packages/trainer/src/checkpoint.ts writes and reads it and checks it against its own sha256.
import { z } from 'zod'
import { Sha256 } from './names.ts'
import { MAX_EPOCHS } from './training.ts'

const Numbers = z.strictObject({
  name: z.string(),
  /** Little-endian in the file. */
  type: z.enum(['float32', 'float64', 'int32']),
  length: z.int().min(0),
})

const Word = z.int().min(0).max(0xffff_ffff)

/** numpy's legacy generator between two numbers. */
const GeneratorState = z.strictObject({
  key: z.array(Word).length(624),
  position: z.int().min(0).max(624),
  gauss: z.number().nullable(),
})

export const CheckpointHead = z.strictObject({
  /** sha256 of the training request: a state goes on with the request that made it and with no other. */
  requestSha256: Sha256,
  /** The last bits of a number depend on both. */
  engine: z.string(),
  backend: z.string(),
  /** Whole epochs trained. */
  epochs: z.int().min(0).max(MAX_EPOCHS),
  /** Batches trained of the epoch that was under way. */
  batches: z.int().min(0),
  /** The last epochs' values, for the final report. */
  history: z.array(z.strictObject({ epoch: z.int().min(0), values: z.record(z.string(), z.number()) })),
  weights: z.array(Numbers),
  /** What else the coming epochs depend on: the optimizer's moments, the order of the rows. */
  rest: z.array(Numbers),
  random: GeneratorState.nullable(),
})
export type CheckpointHead = z.infer<typeof CheckpointHead>
