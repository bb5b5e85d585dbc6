// One range of bytes, as RFC 9110 (14.1.2) writes it. More than one range at a time is not served: the whole is, as the standard allows.

/** `none`: nothing of it is there (416). `whole`: no range, or one that is not understood. `end` is the first byte behind it. */
export function rangeOf(header: string | undefined, size: number): { first: number; end: number } | 'whole' | 'none' {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (from === '' && to === '') return 'whole'
  if (from === '') {
    const last = Math.min(Number(to), size)
    return last === 0 ? 'none' : { first: size - last, end: size }
  }
  const first = Number(from)
  if (first >= size) return 'none'
  const end = to === '' ? size : Math.min(Number(to) + 1, size)
  return end <= first ? 'whole' : { first, end }
}
