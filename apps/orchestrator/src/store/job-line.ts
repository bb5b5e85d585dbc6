// A job's line of a list, kept beside its record by every write, so that a page of a list costs one call and no record is read for it.
// What the epochs say comes with the line when it is read: they change without the record.
import { type JobSummary, summaryOf } from '@trotline/contracts'
import type { JobRecord } from './record.ts'

/** In the job's hash. A line of another shape is another field: those from before are made anew from their records. */
export const LINE_FIELD = 'line-1'

/** `ofEpochs` 0: its training does not say how many it means to report. */
export function keptLine(record: JobRecord): string {
  const nothing = { epochs: 0, of: 1, superseded: 0, last: null }
  const ofEpochs = record.request.training.epochs ?? 0
  return JSON.stringify({ ...summaryOf({ ...record, progress: nothing }), ofEpochs })
}

// KEYS  for each job: its hash, its epochs
// Answers for each: {line, newest epoch, number of sealed epochs, number of live ones}, the first three may be false
export const READ_LINES = `
local found = {}
for i = 1, #KEYS, 2 do
  local fields = redis.call('HMGET', KEYS[i], '${LINE_FIELD}', 'last', 'sealed')
  found[#found + 1] = {fields[1], fields[2], fields[3], redis.call('HLEN', KEYS[i + 1])}
end
return found
`
export type ReadLine = [line: string | null, last: string | null, sealed: string | null, live: number]

/** null: it has no line of this shape. */
export function lineOf([text, last, sealed, live]: ReadLine): JobSummary | null {
  if (text === null) return null
  const line = JSON.parse(text) as JobSummary
  const epochs = sealed === null ? live : Number(sealed)
  const { values } = last === null ? {} : (JSON.parse(last) as { values?: { loss?: number | null } })
  return {
    ...line,
    epochs,
    ofEpochs: line.ofEpochs === 0 ? Math.max(1, epochs) : line.ofEpochs,
    loss: values?.loss ?? null,
  }
}
