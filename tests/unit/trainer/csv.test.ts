// CSV files: what cells and columns become, and the sentence for every way in which one can be wrong.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { CsvData } from '../../../packages/contracts/src/data.ts'
import { openCsv } from '../../../packages/trainer/src/data/csv.ts'
import { badData, makeFolder, NEVER, open, rowsOf } from './data-files.ts'

const folder = makeFolder()
let files = 0
const csv = (text: string | Uint8Array, options: Record<string, unknown> = {}) =>
  open({ format: 'csv', path: folder.write(`${files++}.csv`, text), target: 'y', ...options })

test('the first line names the columns, and the target may stand anywhere', async () => {
  const raw = await csv('a,y,b\n1,10,-2.5\n3e2,20,+.5\n')
  assert.deepEqual([raw.rows, raw.shape, raw.targets, raw.classes], [2, [2], 1, null])
  assert.deepEqual(raw.table?.featureNames, ['a', 'b'])
  assert.deepEqual(rowsOf(raw), [
    { x: [1, -2.5], y: [10] },
    { x: [300, 0.5], y: [20] },
  ])
})

test('names given in the request make the first line a row', async () => {
  const raw = await csv('1;2\n3;4', { names: ['a', 'y'], separator: ';' })
  assert.deepEqual(rowsOf(raw), [
    { x: [1], y: [2] },
    { x: [3], y: [4] },
  ])
})

test('a byte order mark, CRLF, lone CR, empty lines and spaces around cells change nothing', async () => {
  const raw = await csv('\ufeff a , y \r\n\r\n1, 2\r3 ,4\n\n')
  assert.deepEqual(raw.table?.featureNames, ['a'])
  assert.deepEqual(rowsOf(raw), [
    { x: [1], y: [2] },
    { x: [3], y: [4] },
  ])
  assert.equal(raw.placeOf(0), 'line 3')
})

test('quoted cells hold separators, line breaks and doubled quotes, and lines are counted through them', async () => {
  const raw = await csv('"a ""1""","w,w",y\n1,"two\r\nlines",3\n"4","x""y","6"\n7,"",9\n', {
    columns: { 'w,w': 'category' },
    missing: ['?'],
  })
  assert.deepEqual(raw.table?.featureNames, ['a "1"', 'w,w_', 'w,w_two\r\nlines', 'w,w_x"y'])
  assert.deepEqual(rowsOf(raw), [
    { x: [1, 0, 1, 0], y: [3] },
    { x: [4, 0, 0, 1], y: [6] },
    { x: [7, 1, 0, 0], y: [9] },
  ])
  assert.deepEqual([0, 1, 2].map(raw.placeOf), ['line 2', 'line 4', 'line 5'])
})

test('a space as separator is any run of spaces and tabs, as the UCI archive writes its tables', async () => {
  const raw = await csv('18.0   8   307.0\t1  \n 15.0   8   350.0\t2', { names: ['a', 'b', 'y', 'c'], separator: ' ' })
  assert.deepEqual(rowsOf(raw), [
    { x: [18, 8, 1], y: [307] },
    { x: [15, 8, 2], y: [350] },
  ])
})

test('a category is a column of 0 and 1 for each word, in alphabetical order, or for the words given, in their order', async () => {
  const text = 'c,y\npear,1\napple,2\npear,3\nZ,4\n'
  const found = await csv(text, { columns: { c: 'category' } })
  assert.deepEqual(found.table?.featureNames, ['c_Z', 'c_apple', 'c_pear'])
  assert.deepEqual(
    rowsOf(found).map(({ x }) => x),
    [
      [0, 0, 1],
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ],
  )
  const given = await csv(text, { columns: { c: { categories: ['pear', 'fig', 'apple', 'Z'] } } })
  assert.deepEqual(
    rowsOf(given).map(({ x }) => x),
    [
      [1, 0, 0, 0],
      [0, 0, 1, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 1],
    ],
  )
})

test('a target of words is a class, numbered in the order of the words', async () => {
  const found = await csv('a,y\n1,no\n2,yes\n3,no\n', { columns: { y: 'category' } })
  assert.deepEqual(found.classes, ['no', 'yes'])
  assert.deepEqual(
    rowsOf(found).map(({ y }) => y[0]),
    [0, 1, 0],
  )
  const given = await csv('a,y\n1,no\n2,yes\n', { columns: { y: { categories: ['yes', 'no'] } } })
  assert.deepEqual(
    [given.classes, rowsOf(given).map(({ y }) => y[0])],
    [
      ['yes', 'no'],
      [1, 0],
    ],
  )
})

test('columns to skip are not looked at', async () => {
  const raw = await csv('id,a,y\nx,1,2\n?,3,4\n', { columns: { id: 'skip' } })
  assert.deepEqual([raw.table?.featureNames, raw.rows], [['a'], 2])
})

test('rows with a missing word are left out where the request says drop, and their words count for nothing', async () => {
  const raw = await csv('a,c,y\n1,p,1\n?,q,2\n3,NA,3\n4,r,\n5,r,5\n', { onMissing: 'drop', columns: { c: 'category' } })
  assert.deepEqual(raw.table?.featureNames, ['a', 'c_p', 'c_r'])
  assert.deepEqual(
    rowsOf(raw).map(({ x }) => x[0]),
    [1, 5],
  )
  assert.equal(raw.placeOf(1), 'line 6')
})

test('a file of several blocks is read whole, rows that cross a block among them', async () => {
  // 3 MB of rows whose lengths differ, with a quoted cell in each, so that blocks of 1 MiB end within all kinds of cells.
  const count = 60_000
  const lines = Array.from(
    { length: count },
    (_, i) => `${i},"w${'"",\r\n'.repeat(i % 7)}",${i * 3},é${'x'.repeat(i % 23)}`,
  )
  const raw = await csv(`a,c,y,d\r\n${lines.join('\r\n')}\r\n`, { columns: { c: 'category', d: 'category' } })
  assert.equal(raw.rows, count)
  assert.equal(raw.table?.featureNames.length, 1 + 7 + 23)
  for (const row of [0, 1, 20_000, 41_234, count - 1]) {
    const [{ x, y }] = rowsOf(raw, [row]) as [{ x: number[]; y: number[] }]
    assert.deepEqual([x[0], y[0], x.slice(1, 8).indexOf(1), x.slice(8).indexOf(1)], [row, row * 3, row % 7, row % 23])
    assert.equal(
      x.reduce((sum, value) => sum + value, 0),
      row + 2,
    )
  }
})

test('a long file without quotes is read whole, and others get their turns meanwhile', async () => {
  const count = 100_000
  const lines = Array.from({ length: count }, (_, i) => `${i},é${'ü'.repeat(i % 11)},${-i / 8}`)
  let turns = 0
  const waiting = setInterval(() => turns++, 0)
  after(() => clearInterval(waiting))
  for (const ending of ['\n', '\r\n', '\r']) {
    turns = 0
    const raw = await csv(['a,c,y', ...lines].join(ending), { columns: { c: 'category' } })
    assert.ok(turns >= 3, `${turns} turns`)
    assert.deepEqual([raw.rows, raw.shape], [count, [12]])
    for (const row of [0, 1, 12_345, count - 1]) {
      const [{ x, y }] = rowsOf(raw, [row]) as [{ x: number[]; y: number[] }]
      assert.deepEqual([x[0], y[0], x.slice(1).indexOf(1)], [row, 0 - row / 8, row % 11])
      assert.equal(raw.placeOf(row), `line ${row + 2}`)
    }
  }
})

test('a row that never ends is given up, not collected', async () => {
  const open = `a,c,y\n1,2,3\n1,"${'no end\n'.repeat(2_500_000)}`
  await assert.rejects(csv(open), badData(/line 3: goes on for more than 16777216 characters/, { row: 3 }))
})

test('numbers are rounded once, from float64, and in any order of rows', async () => {
  const raw = await csv('a,y\n0.1,1\n16777217,2\n1e-50,3\n')
  assert.deepEqual(
    rowsOf(raw, [2, 0, 1, 0]).map(({ x }) => x[0]),
    [0, Math.fround(0.1), 16777216, Math.fround(0.1)],
  )
})

const WRONG: {
  what: string
  text: string | Uint8Array
  options?: Record<string, unknown>
  says: RegExp
  row?: number
  column?: string
}[] = [
  { what: 'empty', text: '', says: /\.csv: has no rows\./ },
  { what: 'a header alone', text: 'a,y\n', says: /has no rows/ },
  {
    what: 'no row that is whole',
    text: 'a,y\n?,1\n',
    options: { onMissing: 'drop' },
    says: /no row without a missing/,
  },
  {
    what: 'a text for a number',
    text: 'a,y\n1,2\nabc,4\n',
    says: /line 3, column a: "abc" is not a number\./,
    row: 3,
    column: 'a',
  },
  { what: 'a hexadecimal number', text: 'a,y\n0x1f,4\n', says: /line 2, column a: "0x1f" is not a number/ },
  {
    what: 'a decimal comma',
    text: 'a;y\n1,5;4\n',
    options: { separator: ';' },
    says: /column a: "1,5" is not a number/,
  },
  {
    what: 'NaN that is no missing word',
    text: 'a,y\nNaN,4\n',
    options: { missing: [] },
    says: /column a: "NaN" is not a number/,
  },
  {
    what: 'an infinite number',
    text: 'a,y\n1,Infinity\n',
    says: /line 2, column y: "Infinity" is not a number/,
    column: 'y',
  },
  { what: 'a number beyond float64', text: 'a,y\n1e999,4\n', says: /"1e999" is not finite/ },
  { what: 'a number beyond float32', text: 'a,y\n1e39,4\n', says: /"1e39" is larger than float32 can be/ },
  {
    what: 'a missing word',
    text: 'a,y\n1,2\n3,4\n?,5\n',
    says: /line 4, column a: "\?" is not known/,
    row: 4,
    column: 'a',
  },
  { what: 'a cell too few', text: 'a,b,y\n1,2,3\n1,2\n', says: /line 3: has 2 cells, and there are 3 columns/, row: 3 },
  { what: 'a cell too many', text: 'a,y\n1,2,3\n', says: /line 2: has 3 cells, and there are 2 columns/ },
  { what: 'no such target', text: 'a,b\n1,2\n', says: /has no column "y"; its columns are a, b/ },
  {
    what: 'a column of the request that it has not',
    text: 'a,y\n1,2\n',
    options: { columns: { z: 'category' } },
    says: /has no column "z"/,
  },
  { what: 'two columns of one name', text: 'a,a,y\n1,2,3\n', says: /two columns are called "a"/ },
  { what: 'a column without a name', text: 'a,,y\n1,2,3\n', says: /line 1: column 2 has no name/ },
  {
    what: 'names that are too few',
    text: '1,2,3\n',
    options: { names: ['a', 'y'] },
    says: /line 1: has 3 cells, and there are 2 columns/,
  },
  {
    what: 'only a target',
    text: 'a,y\n1,2\n',
    options: { columns: { a: 'skip' } },
    says: /no column left to learn from/,
  },
  {
    what: 'a target that is skipped',
    text: 'a,y\n1,2\n',
    options: { columns: { y: 'skip' } },
    says: /column y: is the target/,
  },
  {
    what: 'a word that is none of those given',
    text: 'a,c,y\n1,p,1\n1,q,1\n',
    options: { columns: { c: { categories: ['p', 'r'] } } },
    says: /line 3, column c: "q" is none of p, r/,
    row: 3,
    column: 'c',
  },
  {
    what: 'a quote never closed',
    text: 'a,c,y\n1,2,3\n1,"2,3\n4,5,6\n',
    says: /line 3: a quote is opened here and never closed/,
    row: 3,
  },
  {
    what: 'text after a closing quote',
    text: 'a,c,y\n1,"2"x,3\n',
    says: /line 2: cell 2 goes on after its closing quote with "x,3/,
  },
  { what: 'UTF-16', text: Buffer.from('\ufeffa,y\n1,2\n', 'utf16le'), says: /is UTF-16/ },
  {
    what: 'Latin-1 in a word',
    text: Buffer.from('a,c,y\n1,caf\xe9,2\n', 'latin1'),
    options: { columns: { c: 'category' } },
    says: /line 2, column c: "caf\ufffd" is not UTF-8/,
  },
  {
    what: 'a category of free text',
    text: `c,y\n${Array.from({ length: 10_001 }, (_, i) => `w${i},1`).join('\n')}\n`,
    options: { columns: { c: 'category' } },
    says: /line 10002, column c: has more than 10000 different words/,
  },
  {
    what: 'two features of one name',
    text: 'a_b,a,y\n1,b,2\n',
    options: { columns: { a: 'category' } },
    says: /two features called "a_b"/,
  },
]

for (const { what, text, options = {}, says, row, column } of WRONG)
  test(`a CSV file that is wrong (${what}) is refused, and the sentence names the place`, async () => {
    await assert.rejects(
      csv(text, options),
      badData(says, { ...(row === undefined ? {} : { row }), ...(column === undefined ? {} : { column }) }),
    )
  })

test('a file that is not there and a folder are refused by their names', async () => {
  await assert.rejects(
    open({ format: 'csv', path: '/nowhere/x.csv', target: 'y' }),
    badData(/^\/nowhere\/x\.csv: cannot be read \(ENOENT/),
  )
  await assert.rejects(open({ format: 'csv', path: folder.directory, target: 'y' }), badData('cannot be read (EISDIR'))
})

const like = async (text: string, other: string, options: Record<string, unknown>) => {
  const first = await csv(text, options)
  const path = folder.write(`${files++}.csv`, other)
  return openCsv(CsvData.parse({ format: 'csv', path, target: 'y', ...options }), first, NEVER)
}

test('a second file has the features of the first: by name, in its order, with its words and its classes', async () => {
  const options = { columns: { c: 'category', y: 'category' } }
  const raw = await like('a,c,y\n1,p,no\n2,q,yes\n3,r,maybe\n', 'y,extra,c,a\nyes,x,r,7\n', options)
  assert.deepEqual(raw.table?.featureNames, ['a', 'c_p', 'c_q', 'c_r'])
  assert.deepEqual([raw.classes, rowsOf(raw)], [['maybe', 'no', 'yes'], [{ x: [7, 0, 0, 1], y: [2] }]])
})

test('a second file with a word, a class or a column that the first has not is refused', async () => {
  const options = { columns: { c: 'category', y: 'category' } }
  const first = 'a,c,y\n1,p,no\n2,q,yes\n'
  await assert.rejects(like(first, 'a,c,y\n1,z,no\n', options), badData(/line 2, column c: "z" is none of p, q/))
  await assert.rejects(
    like(first, 'a,c,y\n1,p,no\n1,p,oh\n', options),
    badData(/line 3, column y: "oh" is none of no, yes/),
  )
  await assert.rejects(like(first, 'c,y\np,no\n', options), badData(/has no column "a"/))
})
