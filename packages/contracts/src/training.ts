// What to train: the part of a request that travels to the node inside spec.json and nowhere else.
import { z } from 'zod'

export const PRESETS = ['linear-regression', 'auto-mpg'] as const
export const Preset = z.enum(PRESETS)
export type Preset = z.infer<typeof Preset>

/** `auto` takes the best rung that works; a named one is used or the job fails and says why. */
export const Backend = z.enum(['auto', 'tfjs-node-gpu', 'wasm', 'cpu'])
export type Backend = z.infer<typeof Backend>

/** The widest count that the record, the queue and the page are built for. */
export const MAX_EPOCHS = 100_000

export const PresetTraining = z
  .strictObject({
    kind: z.literal('preset'),
    preset: Preset,
    epochs: z.int().min(1).max(MAX_EPOCHS).default(1000),
    /** numpy's legacy generator takes 32 bits. */
    seed: z.int().min(0).max(0xffff_ffff).default(0),
    backend: Backend.default('auto'),
  })
  .meta({ id: 'PresetTraining' })
export type PresetTraining = z.infer<typeof PresetTraining>

// Accepted by shape, refused with a reason by the server (lifecycle/accept.ts): they are named in the contract and not built.
const ModelTraining = z.looseObject({ kind: z.literal('model') }).meta({ id: 'ModelTraining' })
const CommandTraining = z.looseObject({ kind: z.literal('command') }).meta({ id: 'CommandTraining' })

export const Training = z.discriminatedUnion('kind', [PresetTraining, ModelTraining, CommandTraining])
export type Training = z.infer<typeof Training>
