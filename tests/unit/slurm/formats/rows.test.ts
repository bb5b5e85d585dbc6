import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlurmError } from '../../../../packages/slurm/src/errors.ts'
import { parseRows, ROW_END, UNIT } from '../../../../packages/slurm/src/formats/rows.ts'

const row = (...cells: string[]) => cells.join(UNIT)
const cellsOf = (text: string, rowEnd?: string) =>
  parseRows(text, { columns: 3, command: 'squeue', ...(rowEnd === undefined ? {} : { rowEnd }) }).map(
    ({ cells }) => cells,
  )

test('no text is no rows', () => {
  assert.deepEqual(cellsOf(''), [])
})

test('the last column keeps separators and line ends that it holds', () => {
  assert.deepEqual(cellsOf(`${row('1', 'a', `x${UNIT}y`)}\n`), [['1', 'a', `x${UNIT}y`]])
  assert.deepEqual(cellsOf(`${row('1', 'a', 'two\nlines')}${ROW_END}${row('2', '', '')}${ROW_END}`, ROW_END), [
    ['1', 'a', 'two\nlines'],
    ['2', '', ''],
  ])
})

test('a row with the wrong number of columns is an error that carries the line', () => {
  const unreadable = (line: string) => (error: unknown) =>
    error instanceof SlurmError && error.code === 'SLURM_UNREADABLE' && error.details.line === line
  assert.throws(() => cellsOf(`${row('1', 'a', 'x')}\n${row('2', 'b')}\n`), unreadable(row('2', 'b')))
  assert.throws(() => cellsOf('motd\n'), unreadable('motd'))
  assert.throws(() => cellsOf('\n'), unreadable(''))
})

test('a last row without its end was cut off, and is an error', () => {
  assert.throws(() => cellsOf(`${row('1', 'a', 'x')}\n${row('2', 'b', 'y')}`), { code: 'SLURM_UNREADABLE' })
  assert.throws(() => cellsOf(`${row('1', 'a', 'x')}\n`, ROW_END), { code: 'SLURM_UNREADABLE' })
})

test('a cell that is needed and not readable is an error that carries the line', () => {
  const [only] = parseRows(`${row('1', 'a', 'x')}\n`, { columns: 3, command: 'sacct' })
  assert.equal(only?.need('value', 'it'), 'value')
  assert.equal(only?.time('Unknown', 'the end'), null)
  assert.throws(() => only?.need(null, 'it'), {
    code: 'SLURM_UNREADABLE',
    details: { command: 'sacct', line: row('1', 'a', 'x') },
  })
  assert.throws(() => only?.time('yesterday', 'the end'), { code: 'SLURM_UNREADABLE' })
})
