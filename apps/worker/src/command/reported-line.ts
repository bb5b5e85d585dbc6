// What a command says of an epoch: one JSON object a line, such as {"epoch": 0, "loss": 0.31}. Pure.
import { MAX_EPOCHS, MOST_REPORTED_VALUES, ReportedEpoch } from '@trotline/contracts'
import type { RawEpoch } from '../epoch-text.ts'

/** Python's json.dumps writes these, which are not JSON: a loss that is not a number any more has to be seen, not lost. */
const NOT_JSON = /(?<![\w"])-?(?:NaN|Infinity)(?![\w"])/g
/** As an epoch's line has it (contracts, EpochLine). */
const VALUE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

export interface Reported {
  epoch: number
  /** null: the line does not tell. */
  seconds: number | null
  values: RawEpoch['values']
}

/** The epoch, or in words why the line tells none. */
export function readReportedLine(text: string): Reported | { refused: string } {
  const content = parse(text)
  if (content === undefined) return { refused: 'it is not JSON' }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return { refused: 'it is not a JSON object' }
  const read = ReportedEpoch.safeParse(content)
  if (!read.success) {
    const [issue] = read.error.issues
    const member = issue?.path.join('.') ?? ''
    return { refused: member === '' ? 'it is no epoch' : `${quote(member)} ${wordsFor(member)}` }
  }
  const { epoch, seconds = null, ...values } = read.data as { epoch: number; seconds?: number } & RawEpoch['values']
  const names = Object.keys(values)
  const bad = names.find(name => !VALUE_NAME.test(name))
  if (bad !== undefined)
    return { refused: `${quote(bad)} is not a name of at most 64 letters, digits and "_" that starts with a letter` }
  if (names.length > MOST_REPORTED_VALUES)
    return { refused: `it has ${names.length} values, and ${MOST_REPORTED_VALUES} are the most` }
  return { epoch, seconds, values }
}

function wordsFor(member: string): string {
  if (member === 'epoch') return `has to be a whole number from 0 to ${MAX_EPOCHS - 1}`
  return member === 'seconds' ? 'has to be a number, not below 0' : 'has to be a number'
}

/** undefined: it is no JSON, even with Python's words for numbers. */
function parse(text: string): unknown {
  for (const candidate of [text, text.replace(NOT_JSON, '"$&"')])
    try {
      return JSON.parse(candidate)
    } catch {
      // The next one, or none.
    }
  return undefined
}

const quote = (name: string): string => JSON.stringify(name.slice(0, 80))
