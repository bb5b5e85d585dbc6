// One epoch as it is written on the node, reported, stored and shown. Epochs count from 0 here and from 1 in text for people.
import { z } from 'zod'
import { Timestamp } from './names.ts'
import { MAX_EPOCHS } from './training.ts'

/** `<submission>-<restart>`: which sbatch of ours, and which of Slurm's requeues of it (SLURM_RESTART_COUNT, unset = 0). */
export const RunId = z.string().regex(/^[1-9][0-9]{0,5}-[0-9]{1,6}$/, 'is not a run (<submission>-<restart>)')
export type RunId = z.infer<typeof RunId>

/** Orders runs: a later submission, then a later restart, supersedes. */
export function rankOf(run: RunId): number {
  const [submission = 0, restart = 0] = run.split('-').map(Number)
  return submission * 10_000_000 + restart
}

const MetricName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/)

/** Of a value that is no number. */
export const NonFinite = z.enum(['nan', '+inf', '-inf'])
export type NonFinite = z.infer<typeof NonFinite>

/** A line of epochs.jsonl. JSON has no NaN: such a value is null here and named in `nonFinite`. */
export const EpochLine = z
  .strictObject({
    epoch: z
      .int()
      .min(0)
      .max(MAX_EPOCHS - 1),
    at: Timestamp,
    seconds: z.number().min(0),
    values: z.record(MetricName, z.number().nullable()),
    nonFinite: z.record(MetricName, NonFinite).optional(),
  })
  .meta({ id: 'EpochLine' })
export type EpochLine = z.infer<typeof EpochLine>

/** The same with the run it came from. A later run supersedes an equal epoch of an earlier one. */
export const Epoch = EpochLine.extend({ run: RunId, attempt: z.int().min(1) }).meta({ id: 'Epoch' })
export type Epoch = z.infer<typeof Epoch>

/** Splits numbers that JSON cannot carry from those it can. */
export function epochValues(values: Readonly<Record<string, number>>): Pick<EpochLine, 'values' | 'nonFinite'> {
  const finite: Record<string, number | null> = {}
  const nonFinite: Record<string, NonFinite> = {}
  for (const [name, value] of Object.entries(values)) {
    finite[name] = Number.isFinite(value) ? value : null
    if (!Number.isFinite(value)) nonFinite[name] = Number.isNaN(value) ? 'nan' : value > 0 ? '+inf' : '-inf'
  }
  return Object.keys(nonFinite).length > 0 ? { values: finite, nonFinite } : { values: finite }
}
