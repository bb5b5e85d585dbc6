// Prose at the width of the terminal: broken between words only, each line set in by the same margin.

/** At least this many columns of text, however narrow the terminal says it is. */
const LEAST = 20

export function wrap(text: string, width: number, margin = ''): string[] {
  const room = Math.max(LEAST, width - margin.length)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(each => each !== '')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '') lines.push(line)
  return lines.map(each => margin + each)
}
