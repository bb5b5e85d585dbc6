// A CSV file from its first row to its last, in blocks: however long it is, one row and one block of it are held at a time.
import { badData } from './bad-data.ts'
import { readCsvRow, readPlainRow } from './csv-row.ts'
import { blocksOf, withFile } from './file.ts'

/** A row longer than this is a quote that nobody closed, or no text. */
const MAX_ROW_CHARACTERS = 16_777_216
const UTF16_MARKS = ['fffe', 'feff']

/**
 * Calls `take` for every row that is not empty.
 * @param take gets the line on which the row begins, from 1, as an editor shows it
 * @throws as openData does
 */
export async function readCsvRows(
  path: string,
  { separator, signal }: { separator: string; signal: AbortSignal },
  take: (cells: string[], line: number) => void,
): Promise<void> {
  // Drops a byte order mark. What is no UTF-8 becomes U+FFFD, which the cells that are used are looked at for.
  const decoder = new TextDecoder()
  let text = ''
  let line = 1

  const takeRows = (ended: boolean): void => {
    let from = 0
    // Asked once: where lines end with CR alone, each row would look for the next LF through all that follows.
    const lastFeed = text.lastIndexOf('\n')
    while (from < text.length) {
      const row =
        (from <= lastFeed ? readPlainRow(text, from, separator) : null) ?? readCsvRow(text, from, separator, ended)
      if (row === null) break
      if ('fault' in row) throw row.fault === 'open' ? neverClosed(path, line) : strayText(path, line, row)
      const { cells } = row
      if (cells.length > 1 || cells[0] !== '') take(cells, line)
      line += row.lines
      from = row.end
    }
    text = text.slice(from)
    if (text.length > MAX_ROW_CHARACTERS) throw neverEnding(path, line)
  }

  await withFile(path, signal, async file => {
    let first = true
    for await (const block of blocksOf(file)) {
      if (first && UTF16_MARKS.includes(block.toString('hex', 0, 2)))
        throw badData({ path }, 'is UTF-16, and UTF-8 is read')
      first = false
      text += decoder.decode(block, { stream: true })
      takeRows(false)
    }
    text += decoder.decode()
    takeRows(true)
  })
}

const neverClosed = (path: string, line: number) =>
  badData({ path, at: `line ${line}` }, 'a quote is opened here and never closed')

const neverEnding = (path: string, line: number) =>
  badData(
    { path, at: `line ${line}` },
    `goes on for more than ${MAX_ROW_CHARACTERS} characters, as after an open quote`,
  )

const strayText = (path: string, line: number, { cell, found }: { cell: number; found: string }) =>
  badData({ path, at: `line ${line}` }, `cell ${cell} goes on after its closing quote with ${JSON.stringify(found)}`)
