// A terminal as simple as can be, to compare the screen with: a grid of characters, nothing kept in mind, nothing fast.

/** Easier to write in a pattern. */
const ESCAPE = '␛'

export function terminalLines(text: string): string[] {
  const lines: string[][] = []
  const ended: boolean[] = []
  let row = 0
  let column = 0
  const line = (): string[] => {
    lines[row] ??= []
    return lines[row] as string[]
  }
  const down = () => (ended[lines.length - 1] ? lines.length : Math.max(0, lines.length - 1))
  for (const match of text.replaceAll('\x1b', ESCAPE).matchAll(/␛\[(\d*)([A-Za-z])|[\s\S]/gu)) {
    const [part, digits = '', final] = match
    const many = Math.max(1, Number(digits))
    if (part === '\n') {
      line()
      ended[row] = true
      row += 1
      column = 0
    } else if (part === '\r') column = 0
    else if (part === '\b') column = Math.max(0, column - 1)
    else if (final === 'A') row = Math.max(0, row - many)
    else if (final === 'B') row = Math.min(down(), row + many)
    else if (final === 'C') column += many
    else if (final === 'D') column = Math.max(0, column - many)
    else if (final === 'G') column = many - 1
    else if (final === 'K') {
      const cells = lines[row]
      if (cells === undefined) continue
      if (digits === '' || digits === '0') cells.length = Math.min(cells.length, column)
      else if (digits === '2' || column + 1 >= cells.length) cells.length = 0
      else cells.fill(' ', 0, column + 1)
    } else {
      const cells = line()
      while (cells.length < column) cells.push(' ')
      cells[column] = part
      column += 1
    }
  }
  return lines.map(cells => cells.join(''))
}
