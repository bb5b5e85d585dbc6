// CSV: rows of cells become numbers and words of named columns, checked cell by cell.
import type { CsvData } from '@trotline/contracts'
import { badData, quoted } from './bad-data.ts'
import { readCsvRows } from './csv-rows.ts'
import { float32Fault } from './finite.ts'
import type { RawData } from './raw-data.ts'
import { RowStore } from './row-store.ts'
import { createTable, type TableColumn } from './table.ts'

/** More words than this are no category. Bounds what a column of free text can take. */
const MAX_WORDS = 10_000
const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/

/**
 * Begins as a decimal number does, and Number(…) knows the rest: with a digit, sign or point, and no letter as in 0x1f second.
 * Looked at first, because it costs a tenth of the pattern. Not true of every number.
 */
const looksDecimal = (cell: string): boolean => {
  const first = cell.charCodeAt(0)
  return first >= 43 && first <= 57 && !(cell.charCodeAt(1) >= 58)
}

/** How a column's cells become numbers. A word becomes its number in `words`. */
type Reading =
  | { name: string; cell: number; kind: 'number' }
  /** `open`: a new word is added to the list; otherwise it is refused. */
  | { name: string; cell: number; kind: 'category'; words: string[]; numbers: Map<string, number>; open: boolean }

/**
 * @param like what the rows must fit: the same features by name, the same words, the same classes. null: they are the first.
 * @throws as openData does
 */
export async function openCsv(data: CsvData, like: RawData | null, signal: AbortSignal): Promise<RawData> {
  const { path, separator, onMissing } = data
  const missing = new Set(data.missing)
  let names = data.names
  let readings: Reading[] | null = names === null ? null : planReadings(data, names, like)
  let store: RowStore | null = null
  let row = new Float64Array(0)

  await readCsvRows(path, { separator, signal }, (cells, line) => {
    if (names === null) {
      names = checkHeader(path, cells, line)
      readings = planReadings(data, names, like)
      return
    }
    if (readings === null) throw new TypeError('names without readings')
    if (store === null) {
      store = new RowStore(readings.length)
      row = new Float64Array(readings.length)
    }
    if (cells.length !== names.length)
      throw badData({ path, at: `line ${line}` }, `has ${cells.length} cells, and there are ${names.length} columns`)
    for (const { cell, name } of readings) {
      if (!missing.has(cells[cell] as string)) continue
      if (onMissing === 'drop') return
      const text = cells[cell] as string
      throw badData(
        { path, at: `line ${line}`, column: name },
        `${quoted(text)} is not known, and no row is to be dropped`,
      )
    }
    for (let i = 0; i < readings.length; i++) {
      const reading = readings[i] as Reading
      row[i] = readCell(cells[reading.cell] as string, reading, path, line)
    }
    store.push(row, line)
  })

  // Assigned in the callback, which the type checker does not follow.
  const rows = store as RowStore | null
  if (rows === null || readings === null || rows.rows === 0)
    throw badData({ path }, onMissing === 'drop' ? 'has no row without a missing value' : 'has no rows')
  return finish(data, readings, rows)
}

function checkHeader(path: string, cells: string[], line: number): string[] {
  const nameless = cells.indexOf('')
  if (nameless !== -1) throw badData({ path, at: `line ${line}` }, `column ${nameless + 1} has no name`)
  return cells
}

const firstRepeated = (names: readonly string[]): string | undefined => {
  const seen = new Set<string>()
  return names.find(name => seen.size === seen.add(name).size)
}

/** The features in their order, then the target. */
function planReadings(data: CsvData, names: readonly string[], like: RawData | null): Reading[] {
  const { path, target, columns } = data
  const cells = new Map(names.map((name, cell) => [name, cell]))
  const cellOf = (name: string): number => {
    const cell = cells.get(name)
    if (cell === undefined) throw badData({ path }, `has no column ${quoted(name)}; its columns are ${listed(names)}`)
    return cell
  }
  const reading = (name: string): Reading | null => {
    const how = Object.hasOwn(columns, name) ? columns[name] : 'number'
    if (how === 'skip') return null
    if (how === undefined || how === 'number') return { name, cell: cellOf(name), kind: 'number' }
    return categoryOf(name, cellOf(name), how === 'category' ? null : how.categories)
  }
  const twice = firstRepeated(names)
  if (twice !== undefined) throw badData({ path }, `two columns are called ${quoted(twice)}`)
  for (const name of Object.keys(columns)) cellOf(name)

  if (like !== null && like.table === null) throw badData({ path }, `has columns, and ${like.path} has arrays`)
  if (like?.table) {
    const features = like.table.columns.map(column =>
      column.kind === 'number'
        ? { name: column.name, cell: cellOf(column.name), kind: 'number' as const }
        : categoryOf(column.name, cellOf(column.name), column.words),
    )
    const cell = cellOf(target)
    return [...features, like.classes ? categoryOf(target, cell, like.classes) : { name: target, cell, kind: 'number' }]
  }
  const goal = reading(target)
  cellOf(target)
  if (goal === null) throw badData({ path, column: target }, 'is the target and cannot be skipped')
  const features = names.filter(name => name !== target).map(reading)
  const used = features.filter(feature => feature !== null)
  if (used.length === 0) throw badData({ path }, 'has no column left to learn from')
  return [...used, goal]
}

function categoryOf(name: string, cell: number, given: readonly string[] | null): Reading {
  const words = given?.slice() ?? []
  return {
    name,
    cell,
    kind: 'category',
    words,
    numbers: new Map(words.map((word, i) => [word, i])),
    open: given === null,
  }
}

const listed = (names: readonly string[]): string =>
  names.length > 20 ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more` : names.join(', ')

function readCell(cell: string, reading: Reading, path: string, line: number): number {
  if (reading.kind === 'number') {
    const value = Number(cell)
    if (looksDecimal(cell) && Number.isFinite(Math.fround(value))) return value
    if (!NUMBER.test(cell)) throw badCell(path, line, reading, `${quoted(cell)} is not a number`)
    const fault = float32Fault(value)
    if (fault !== null) throw badCell(path, line, reading, `${quoted(cell)} ${fault}`)
    return value
  }
  const { words, numbers, open } = reading
  const known = numbers.get(cell)
  if (known !== undefined) return known
  if (!open) throw badCell(path, line, reading, `${quoted(cell)} is none of ${listed(words)}`)
  if (cell.includes('\ufffd')) throw badCell(path, line, reading, `${quoted(cell)} is not UTF-8`)
  if (words.length === MAX_WORDS)
    throw badCell(path, line, reading, `has more than ${MAX_WORDS} different words: that is no category`)
  numbers.set(cell, words.length)
  words.push(cell)
  return words.length - 1
}

const badCell = (path: string, line: number, { name }: Reading, found: string) =>
  badData({ path, at: `line ${line}`, column: name }, found)

function finish({ path, normalize }: CsvData, readings: readonly Reading[], store: RowStore): RawData {
  const columns: TableColumn[] = readings.map((reading, i) => {
    const { name } = reading
    if (reading.kind === 'number') return { name, kind: 'number' }
    if (!reading.open) return { name, kind: 'category', words: reading.words }
    // By their code units, so that no language of the node's decides.
    const words = reading.words.toSorted((a, b) => (a < b ? -1 : 1))
    const places = new Map(words.map((word, place) => [word, place]))
    store.renumber(
      i,
      Int32Array.from(reading.words, word => places.get(word) as number),
    )
    return { name, kind: 'category', words }
  })
  const target = columns.pop() as TableColumn
  const table = createTable(columns, store)
  const twice = firstRepeated(table.featureNames)
  if (twice !== undefined) throw badData({ path }, `comes to two features called ${quoted(twice)}`)
  return {
    path,
    rows: store.rows,
    shape: [table.featureNames.length],
    targets: 1,
    classes: target.kind === 'category' ? target.words : null,
    zScore: normalize === 'zScore',
    table,
    placeOf: row => `line ${store.lineOf(row)}`,
    targetOf: row => store.chunkOf(row)[store.offsetOf(row) + columns.length] as number,
    read: table.read,
    close() {},
  }
}
