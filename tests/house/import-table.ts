// Reads the three tables of ARCHITECTURE.md that say who may import what. The tables are the rules: nothing is repeated here.
// Only what stands in backticks counts; the words around it are for people.

/** A room and what it may import from outside itself. */
export interface Room {
  path: string
  may: Word[]
  never: Word[]
}

/** Parts of a room and which other parts of it they may import. `*` among the parts: whatever no other row names. */
export interface Part {
  paths: string[]
  may: string[]
  never: Word[]
}

/** A thing that only certain files or folders may touch, within a part of the tree. */
export interface Reserved {
  what: string
  within: string[]
  onlyIn: string[]
}

export interface Word {
  name: string
  typesOnly: boolean
}

export interface ImportTable {
  rooms: Room[]
  parts: Part[]
  reserved: Reserved[]
}

const HEADINGS = {
  rooms: 'Which room may import what',
  parts: 'Order inside a room',
  reserved: 'Only in one place',
} as const

/** @throws Error when a table or a column is not there: a check without its rules must not pass */
export function readImportTable(markdown: string): ImportTable {
  return {
    rooms: rowsOf(markdown, HEADINGS.rooms, ['room', 'what for', 'may import', 'never']).map(
      ([room = '', , may = '', never = '']) => ({
        path: onlyWord(room),
        may: wordsOf(may),
        never: wordsOf(never),
      }),
    ),
    parts: rowsOf(markdown, HEADINGS.parts, ['part', 'may import of its room', 'never']).map(
      ([part = '', may = '', never = '']) => ({
        paths: namesOf(part),
        may: namesOf(may),
        never: wordsOf(never),
      }),
    ),
    reserved: rowsOf(markdown, HEADINGS.reserved, ['what', 'within', 'only in', 'why']).map(
      ([what = '', within = '', onlyIn = '']) => ({
        what: onlyWord(what),
        within: namesOf(within),
        onlyIn: namesOf(onlyIn),
      }),
    ),
  }
}

function rowsOf(markdown: string, heading: string, columns: readonly string[]): string[][] {
  const lines = markdown.split('\n')
  const start = lines.findIndex(line => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  if (start < 0) throw new Error(`ARCHITECTURE.md has no heading "${heading}"`)
  const end = lines.findIndex((line, i) => i > start && /^#+ /.test(line))
  const table = lines.slice(start + 1, end < 0 ? undefined : end).filter(line => line.startsWith('|'))
  const [head = '', , ...rows] = table
  const found = cellsOf(head)
  if (found.join('|') !== columns.join('|')) {
    throw new Error(
      `ARCHITECTURE.md, "${heading}": the columns are ${found.join(', ') || 'not there'}, wanted ${columns.join(', ')}`,
    )
  }
  if (rows.length === 0) throw new Error(`ARCHITECTURE.md, "${heading}": the table has no rows`)
  return rows.map(row => {
    const cells = cellsOf(row)
    if (cells.length !== columns.length)
      throw new Error(`ARCHITECTURE.md, "${heading}": ${cells.length} cells, wanted ${columns.length}: ${row}`)
    return cells
  })
}

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\||\|$/g, '')
    .split('|')
    .map(cell => cell.trim())

/** `name` or `name` (types). */
function wordsOf(cell: string): Word[] {
  return [...cell.matchAll(/`([^`]+)`( \(types\))?/g)].map(([, name = '', types]) => ({
    name,
    typesOnly: types !== undefined,
  }))
}

const namesOf = (cell: string): string[] => wordsOf(cell).map(word => word.name)

function onlyWord(cell: string): string {
  const [first, ...more] = namesOf(cell)
  if (first === undefined || more.length > 0)
    throw new Error(`ARCHITECTURE.md: one name in backticks is wanted here: ${cell}`)
  return first
}
