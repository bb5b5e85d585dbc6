// The one text of a lock, and its id. Keys are sorted, nothing is spaced, numbers are whole: whoever writes the same lock
// writes the same bytes, and `sha256sum` of them is the id.
import { createHash } from 'node:crypto'
import type { EnvironmentLock } from '@trotline/contracts'

/** @throws TypeError on a number that is no safe integer, and on what JSON has no form for: a bug of ours, never of a file */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    // By UTF-16 units, as sort does it without a locale: the same on every machine.
    fields.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(',')}}`
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new TypeError(`${value} has no canonical form`)
  if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
    throw new TypeError(`${typeof value} has no canonical form`)
  return JSON.stringify(value)
}

export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex')

/** 64 hexadecimal digits. */
export const lockId = (lock: EnvironmentLock): string => sha256Of(canonicalJson(lock))
