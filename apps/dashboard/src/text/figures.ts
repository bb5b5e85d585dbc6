// Numbers as people read them: four significant digits, thin spaces between thousands, and a value that is not a number says so.

/** U+202F, narrow and never a line's end. */
const THIN = '\u202f'
const inThousands = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, THIN)

/** 0.3980, 12.35, 12 345, 1.234e-7. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '−Inf'
  const size = Math.abs(value)
  const sign = value < 0 ? '−' : ''
  if (size === 0) return '0'
  if (size >= 1e9 || size < 1e-4) return `${sign}${size.toExponential(3).replace('-', '−')}`
  // Rounding may carry: 9999.6 has five digits once it is rounded to four.
  return size >= 9999.5 ? sign + inThousands(String(Math.round(size))) : sign + size.toPrecision(4)
}

/** Three digits at most and no zeros at the end: for sentences that are read aloud. */
export function shortFigure(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value) || (size !== 0 && (size >= 1e9 || size < 1e-4))) return figure(value)
  return `${value < 0 ? '−' : ''}${inThousands(size >= 1000 ? String(Math.round(size)) : String(Number(size.toPrecision(3))))}`
}

/** 88 213, or "1 epoch", "412 epochs". */
export function count(value: number, one?: string, many = `${one}s`): string {
  const digits = inThousands(String(value))
  return one === undefined ? digits : `${digits} ${value === 1 ? one : many}`
}

/** Bytes: 512 B, 2 MiB, 9.3 GiB. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes / 1024
  let at = 0
  while (value >= 1000 && at < units.length - 1) {
    value /= 1024
    at += 1
  }
  return `${Number(value < 10 ? value.toFixed(1) : Math.round(value))} ${units[at]}`
}
