// What comes of reading a text that people or other tools wrote: a value with remarks, or what is wrong with it and where.
// Nothing is thrown for what a text says.
import type { Finding } from '@trotline/contracts'

/** Line and column count from 1; null: the place is not known, as in an object that was never text. */
export interface Place {
  line: number | null
  column: number | null
}

export type PlacedFinding = Finding & Place

export type Reading<T> =
  | { ok: true; value: T; notes: PlacedFinding[] }
  /** Most important first, at most MOST_FINDINGS. */
  | { ok: false; findings: PlacedFinding[] }

/** What is wrong, without the place. */
export type Complaint = Omit<Finding, 'pointer'>

/** A file that is wrong in a thousand places is told about the first twenty. */
export const MOST_FINDINGS = 20

export const NOWHERE: Place = { line: null, column: null }

export const placed = (complaint: Complaint, pointer: string, { line, column }: Place = NOWHERE): PlacedFinding => ({
  ...complaint,
  pointer,
  line,
  column,
})

export function refused(findings: readonly PlacedFinding[]): { ok: false; findings: PlacedFinding[] } {
  if (findings.length <= MOST_FINDINGS) return { ok: false, findings: [...findings] }
  const more = findings.length - MOST_FINDINGS + 1
  const [first] = findings
  return {
    ok: false,
    findings: [
      ...findings.slice(0, MOST_FINDINGS - 1),
      placed({ detail: `There are ${more} more of this kind or another.` }, first?.pointer ?? ''),
    ],
  }
}

export const refusedFor = (complaint: Complaint, pointer = '', place: Place = NOWHERE) =>
  refused([placed(complaint, pointer, place)])

/** As it was written, within a sentence: short, and with nothing in it that a terminal would obey. */
export function shown(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text
  return JSON.stringify(cut).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, '?')
}

/** A part of a JSON pointer. */
export const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1')

/** The finding as a person reads it: environment.yml:7:5 and the sentence. */
export function findingText({ line, column, detail, hint }: PlacedFinding, file: string): string {
  const where = line === null ? file : `${file}:${line}${column === null ? '' : `:${column}`}`
  return `${where} ${detail}${hint === undefined ? '' : ` ${hint}`}`
}
