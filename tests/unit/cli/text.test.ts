import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CliError } from '../../../apps/cli/src/errors.ts'
import { startOfLast } from '../../../apps/cli/src/logs/log-tail.ts'
import { errorText } from '../../../apps/cli/src/text/error-text.ts'
import { bytes, figure } from '../../../apps/cli/src/text/figures.ts'
import { createSafeText } from '../../../apps/cli/src/text/safe-text.ts'
import { sparkline } from '../../../apps/cli/src/text/sparkline.ts'
import { createStyle } from '../../../apps/cli/src/text/style.ts'
import { tabbed, table } from '../../../apps/cli/src/text/table.ts'

const plain = createStyle({ colour: false, utf8: true })

test('a table is cut to the width on a terminal and whole in a pipe', () => {
  const columns = [{ title: 'ID' }, { title: 'NAME', flexible: true }, { title: 'N', align: 'right' as const }]
  const rows = [['a1', 'a-very-long-name-indeed', '7']]
  assert.equal(table(columns, rows, 20, plain), 'ID  NAME           N\na1  a-very-long-…  7\n')
  assert.equal(tabbed(columns, rows), 'ID\tNAME\tN\na1\ta-very-long-name-indeed\t7\n')
})

test('a tab or line end in a value does not break a piped row', () => {
  assert.equal(tabbed([{ title: 'A' }], [['x\ty\nz']]), 'A\nx y z\n')
})

test('figures have four significant digits, and sizes their unit', () => {
  assert.deepEqual([0.398, 12.3456, 12345.6, 1.2e-7, 0].map(figure), ['0.3980', '12.35', '12346', '1.200e-7', '0'])
  assert.deepEqual([12, 4 * 1024 ** 3, 1536].map(bytes), ['12 B', '4 GiB', '1.5 KiB'])
})

test('a peak is never lost in a curve, and NaN is a gap', () => {
  const values: (number | null)[] = Array.from({ length: 1000 }, () => 1)
  values[500] = 9
  assert.ok(sparkline(values, 20, true).includes('█'))
  assert.equal(sparkline([1, null, 2], 3, true), '▁ █')
})

test('the last lines begin where they should, with and without a line end at the end', () => {
  const at = (text: string, lines: number) => startOfLast(new TextEncoder().encode(text), lines)
  assert.deepEqual([at('a\nb\nc\n', 1), at('a\nb\nc', 1), at('a\nb\nc\n', 2), at('a\nb\n', 0)], [4, 4, 2, 4])
  assert.deepEqual([at('a\nb\n', 2), at('', 3), at('\n\n\n', 2)], [null, null, 1])
})

test('a terminal command cut by a chunk border does not get through', () => {
  const safe = createSafeText()
  assert.equal(safe('a\u001b]0;ti') + safe('tle\u0007b\u001b[3') + safe('1mc\u001b[2Jd\r\n'), 'ab\u001b[31mcd\r\n')
})

test('an error ends with the fix and the reference, after the facts', () => {
  const error = new CliError('PROBLEM', '', {
    failed: 'Not submitted',
    problem: {
      type: 'http://h/guide/errors/incompatible',
      status: 422,
      code: 'incompatible',
      title: 'This environment cannot run there',
      detail: '1 of 4 gates fails.',
      instance: '01JD',
      findings: [
        {
          pointer: '#/environment/spec',
          detail: 'No code for this GPU.',
          required: 'sm_75',
          found: 'sm_70',
          hint: 'Use cu126.',
        },
      ],
    },
  })
  assert.equal(error.exit, 5)
  assert.equal(
    errorText(error, plain),
    [
      'Not submitted: this environment cannot run there',
      '  1 of 4 gates fails.',
      '',
      '  ✕ environment.spec',
      '    No code for this GPU.',
      '      required  sm_75',
      '      found     sm_70',
      '',
      'To do: Use cu126.',
      '',
      'incompatible · request 01JD · http://h/guide/errors/incompatible',
      '',
    ].join('\n'),
  )
})
