// Numbers as people read them: four significant digits, and a value that is not a number says so.
import type { Epoch } from '@trotline/contracts'

/** 0.3980, 12.35, 12345, 1.234e-7. */
export function figure(value: number): string {
  const size = Math.abs(value)
  if (size >= 10_000 && size < 1e9) return String(Math.round(value))
  if (value === 0 || size >= 1e9 || size < 1e-4) return value === 0 ? '0' : value.toExponential(3)
  return value.toPrecision(4)
}

const WORDS = { nan: 'nan', '+inf': 'inf', '-inf': '-inf' } as const

/** A metric of an epoch for people; null where it was not logged. "Diverged" and "not logged" are two things. */
export function metric(epoch: Pick<Epoch, 'values' | 'nonFinite'>, name: string): string | null {
  const value = epoch.values[name]
  if (typeof value === 'number') return figure(value)
  const word = epoch.nonFinite?.[name]
  return word === undefined ? null : WORDS[word]
}

/** The same with every digit, for files. */
export function metricInFull(epoch: Pick<Epoch, 'values' | 'nonFinite'>, name: string): string {
  const value = epoch.values[name]
  if (typeof value === 'number') return String(value)
  const word = epoch.nonFinite?.[name]
  return word === undefined ? '' : WORDS[word]
}

export const count = (value: number, one: string, many = `${one}s`): string =>
  `${String(value).replace(/\B(?=(\d{3})+$)/g, ',')} ${value === 1 ? one : many}`

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let size = value / 1024
  let at = 0
  while (size >= 1000 && at < units.length - 1) {
    size /= 1024
    at += 1
  }
  return `${Number(size < 10 ? size.toFixed(1) : Math.round(size))} ${units[at]}`
}
