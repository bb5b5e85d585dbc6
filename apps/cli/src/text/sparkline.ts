// A curve in one line of characters: each column shows the highest value of its part, so that a peak is never lost.

const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const ASCII = ['_', '.', '-', '=', '*', '#']

/** null (not a number) is a gap; it never moves the scale. */
export function sparkline(values: readonly (number | null)[], width: number, utf8: boolean): string {
  const finite = values.filter(value => value !== null)
  if (finite.length === 0) return ''
  const low = finite.reduce((a, b) => Math.min(a, b))
  const high = finite.reduce((a, b) => Math.max(a, b))
  const levels = utf8 ? LEVELS : ASCII
  const columns = Math.min(width, values.length)
  return Array.from({ length: columns }, (_, at) => {
    const part = values
      .slice(Math.floor((at * values.length) / columns), Math.floor(((at + 1) * values.length) / columns))
      .filter(value => value !== null)
    if (part.length === 0) return ' '
    const share = high === low ? 0 : (Math.max(...part) - low) / (high - low)
    return levels[Math.min(levels.length - 1, Math.floor(share * levels.length))]
  }).join('')
}
