// A line that a command appends to the file that TROTLINE_EPOCHS names: one JSON object, such as {"epoch": 0, "loss": 0.31}.
import { z } from 'zod'
import { MAX_EPOCHS } from './training.ts'

/** Python's json.dumps writes these bare, which is not JSON: the reader puts them in quotes. */
const FIGURES = { NaN: Number.NaN, '-NaN': Number.NaN, Infinity: Infinity, '-Infinity': -Infinity } as const

const Figure = z.union([z.number(), z.enum(['NaN', '-NaN', 'Infinity', '-Infinity']).transform(word => FIGURES[word])])

/** Every member but these two is a value of the epoch; which names a record takes: EpochLine. */
export const ReportedEpoch = z
  .object({
    epoch: z
      .int()
      .min(0)
      .max(MAX_EPOCHS - 1),
    /** That it took; else the time since the line before is taken. */
    seconds: z.number().min(0).optional(),
  })
  .catchall(Figure)

/** In one line. */
export const MOST_REPORTED_VALUES = 64
