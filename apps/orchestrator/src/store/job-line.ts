// A job's line of a list, kept beside its record by every write, so that a page of a list costs one call and no record is read for it.
// What the epochs say comes with the line when it is read: they change without the record.
import { type Epoch, summaryOf } from '@trotline/contracts'
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

/** What of the kept line the epochs say; the last field is younger than the others. */
const OF_EPOCHS = /"epochs":0,"ofEpochs":(\d+),"loss":null(?:,"lossNonFinite":null)?/

/** In an epoch as it is kept, whose values are numbers and nulls. */
const LOSS = /"values":\{(?:[^{}]*,)?"loss":(-?[\d.]+(?:e[+-]?\d+)?)[,}]/

/** JSON of a JobSummary: the text as it is kept, with what the epochs say. null: it has no line of this shape. */
export function lineText([text, last, sealed, live]: ReadLine): string | null {
  if (text === null) return null
  const epochs = sealed === null ? live : Number(sealed)
  return text.replace(OF_EPOCHS, (_, asked: string) => {
    const ofEpochs = asked === '0' ? Math.max(1, epochs) : asked
    return `"epochs":${epochs},"ofEpochs":${ofEpochs},${last === null ? NO_LOSS : lossText(last)}`
  })
}

const NO_LOSS = '"loss":null,"lossNonFinite":null'

function lossText(last: string): string {
  const found = LOSS.exec(last)?.[1]
  if (found !== undefined) return `"loss":${found},"lossNonFinite":null`
  const { nonFinite } = JSON.parse(last) as Pick<Epoch, 'nonFinite'>
  return `"loss":null,"lossNonFinite":${JSON.stringify(nonFinite?.loss ?? null)}`
}
