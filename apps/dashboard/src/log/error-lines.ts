// Where a log tells of a fault. The last such line comes first: it is usually the cause.
import type { Row, TextRow } from './row.ts'

/** Names are for people. Words that healthy programs print as well ("CUDA 12.6", "0 errors", "Info: nan-safe") are not enough. */
export const FAULTS = [
  { name: 'Traceback', pattern: /\bTraceback \(most recent call last\)/ },
  {
    name: 'CUDA',
    pattern:
      /\bCUDA[ _-]?(?:error|driver version is insufficient|out of memory)|\b(?:CUDA|CUDNN|CUBLAS|NCCL|CURAND|CUSOLVER)_(?:ERROR|STATUS)_(?!SUCCESS)|no kernel image is available|\bcudaError/i,
  },
  {
    name: 'out of memory',
    pattern:
      /\bout[ -]of[ -]memory\b|\boom[-_ ]?kill|\bOOM\b|\bMemoryError\b|Cannot allocate memory|std::bad_alloc|JavaScript heap/i,
  },
  { name: 'Killed', pattern: /(?:^|\s)Killed(?:$|[\s.:])/ },
  {
    name: 'slurmstepd',
    pattern: /\bslurmstepd: error\b|\bsrun: error\b|\bDUE TO (?:TIME LIMIT|PREEMPTION|NODE FAILURE)/,
  },
  {
    name: 'segfault',
    pattern: /\bsegmentation fault\b|\bsegfault\b|\bSIG(?:SEGV|BUS|ABRT|ILL|FPE)\b|\bcore dumped\b|\bBus error\b/i,
  },
  { name: 'NaN', pattern: /(?:^|[^\w.-])[-+]?nan(?:$|[^\w-])/i },
  {
    name: 'Error',
    pattern:
      /\b\w*(?:Error|Exception)(?::|$| at )|(?:^|[\s[])(?:error|fatal)(?:\]|:)|\bERROR\b|\bFATAL\b|\bCRITICAL\b|\bpanicked at\b/,
  },
] as const
export type FaultName = (typeof FAULTS)[number]['name']

/** Lines are long where they are data: what a program says of its fault stands at their beginning. */
const MOST_LOOKED_AT = 2000

/** null: the line tells of none. */
export function faultOf(text: string): FaultName | null {
  const looked = text.length > MOST_LOOKED_AT ? text.slice(0, MOST_LOOKED_AT) : text
  return FAULTS.find(({ pattern }) => pattern.test(looked))?.name ?? null
}

export interface FaultLine {
  row: number
  id: number
  name: FaultName
}

/** A row is looked at once, and again when it has changed: a log of 100,000 rows is drawn ten times a second. */
const looked = new WeakMap<TextRow, { changedAt: number; name: FaultName | null }>()

function faultIn(row: TextRow): FaultName | null {
  const known = looked.get(row)
  if (known?.changedAt === row.changedAt) return known.name
  const name = faultOf(row.text)
  looked.set(row, { changedAt: row.changedAt, name })
  return name
}

/** The last first, and only so many of a log that is full of them. */
export function faultLines(rows: readonly Row[], most = 1000): FaultLine[] {
  const found: FaultLine[] = []
  for (let at = rows.length - 1; at >= 0 && found.length < most; at--) {
    const row = rows[at]
    const name = row?.kind === 'text' ? faultIn(row) : null
    if (row !== undefined && name !== null) found.push({ row: at, id: row.id, name })
  }
  return found
}

/** The one after (`e`: earlier in the file) or before (`E`) the one that was shown, round the end; -1: there is none. */
export function nextFault(faults: readonly FaultLine[], shownId: number | null, step: 1 | -1): number {
  if (faults.length === 0) return -1
  const at = faults.findIndex(({ id }) => id === shownId)
  if (at < 0) return step === 1 ? 0 : faults.length - 1
  return (at + step + faults.length) % faults.length
}
