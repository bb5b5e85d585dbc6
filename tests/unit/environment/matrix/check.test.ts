import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMatrix, coverageText, parseMatrix } from '@trotline/environment'
import { processorMsOf } from '../../../support/processor-time.ts'
import { MATRIX_TEXT } from '../cases.ts'

type Rows = Record<string, unknown>[]
interface File {
  format: unknown
  tables: Record<string, Rows>
}

/** The file as it is, with one change, written one row a line. */
function faultsWith(change: (tables: Record<string, Rows>, file: File) => void): string {
  const file = JSON.parse(MATRIX_TEXT) as File
  change(file.tables, file)
  const tables = Object.entries(file.tables).map(
    ([name, rows]) => `    "${name}": [\n${rows.map(row => `      ${JSON.stringify(row)}`).join(',\n')}\n    ]`,
  )
  return checkMatrix(
    `{\n  "format": ${JSON.stringify(file.format)},\n  "asOf": "2026-10",\n  "tables": {\n${tables.join(',\n')}\n  }\n}\n`,
  ).faults.join('\n')
}

const rowOf = (rows: Rows | undefined, fields: Record<string, unknown>): Record<string, unknown> => {
  const found = rows?.find(row => Object.entries(fields).every(([name, value]) => row[name] === value))
  assert.ok(found !== undefined, `no row with ${JSON.stringify(fields)}`)
  return found
}

test('the matrix that is shipped is sound', () => {
  assert.deepEqual(checkMatrix(MATRIX_TEXT).faults, [])
  assert.equal(
    faultsWith(() => {}),
    '',
  )
})

test('what the matrix covers is told per framework, with its newest release', () => {
  const { coverage } = checkMatrix(MATRIX_TEXT)
  assert.ok(coverage !== null)
  const text = coverageText(coverage)
  for (const line of [
    /PyTorch: \d+ releases up to 2\.14, \d+ builds/,
    /TensorFlow: .* up to 2\.21/,
    /CUDA 7\.0\.28 to 13\.4\.0/,
    /drivers up to R615/,
  ])
    assert.match(text, line)
})

test('every row says where it comes from and how sure it is', () => {
  for (const [name, rows] of Object.entries((JSON.parse(MATRIX_TEXT) as File).tables))
    for (const [i, row] of rows.entries()) {
      const source = String(row.source)
      assert.ok(source.length > 10, `${name} row ${i + 1}: ${source}`)
      assert.doesNotMatch(
        source,
        /\b\d{9,}\b|copy:\)|copies:\)/,
        `${name} row ${i + 1} names a number that tells a reader nothing`,
      )
    }
})

const FAULTS: [what: string, change: (tables: Record<string, Rows>, file: File) => void, told: RegExp][] = [
  [
    'a field that no schema knows',
    ({ gpus }) => Object.assign(rowOf(gpus, { product: 'L4' }), { colour: 'green' }),
    /gpus row \d+.*colour/,
  ],
  [
    'a row without a source',
    ({ toolkits }) => Reflect.deleteProperty(rowOf(toolkits, { cuda: '12.4.1' }), 'source'),
    /toolkits row \d+ source/,
  ],
  [
    'a confidence that is none',
    ({ toolkits }) => Object.assign(rowOf(toolkits, { cuda: '12.4.1' }), { confidence: 'sure' }),
    /toolkits row \d+ confidence/,
  ],
  [
    'a version that is none',
    ({ toolkits }) => Object.assign(rowOf(toolkits, { cuda: '12.4.1' }), { minDriver: '550.x' }),
    /toolkits row \d+ minDriver/,
  ],
  ['a table that is missing', tables => Reflect.deleteProperty(tables, 'cudnn'), /cudnn/],
  ['another format', (_, file) => Object.assign(file, { format: 2 }), /format/],
  [
    'a range that ends before it begins',
    ({ jaxBuilds }) => Object.assign(jaxBuilds?.[0] ?? {}, { from: '0.9' }),
    /jaxBuilds row 1: from 0\.9 lies above to/,
  ],
  [
    'kernels out of order',
    ({ pytorchWheels }) =>
      Object.assign(rowOf(pytorchWheels, { version: '2.11', tag: 'cu126' }), { sass: ['8.0', '7.0'] }),
    /pytorchWheels row \d+: sass is not in order/,
  ],
  [
    'a build for a CUDA that no toolkit has',
    ({ tfjsNodeGpu }) => Object.assign(rowOf(tfjsNodeGpu, { version: '0.1.5' }), { cuda: '9.3' }),
    /tfjsNodeGpu row \d+: CUDA 9\.3 has no row in toolkits/,
  ],
  [
    'a GPU of an unknown architecture',
    ({ gpus }) => Object.assign(rowOf(gpus, { product: 'L4' }), { capability: '8.4' }),
    /gpus row \d+: compute capability 8\.4 has no row in architectures/,
  ],
  [
    'a base that is no branch',
    ({ forwardCompat }) => Object.assign(rowOf(forwardCompat, { package: 'cuda-compat-13-0' }), { bases: ['R536'] }),
    /forwardCompat row \d+: R536 has no row in driverBranches/,
  ],
  [
    'a wheel without a release',
    ({ pytorchReleases }) => void pytorchReleases?.pop(),
    /pytorchWheels row \d+: PyTorch 2\.14 has no row in pytorchReleases/,
  ],
  [
    'a row in the wrong place',
    ({ toolkitArchitectures }) => void toolkitArchitectures?.reverse(),
    /toolkitArchitectures row 2: from 12\.9 stands after a newer one/,
  ],
  ['a row twice', ({ toolkits }) => void toolkits?.push({ ...toolkits[5] }), /toolkits row \d+: says .* a second time/],
  [
    'a GPU name with two meanings',
    ({ gpus }) => Object.assign(rowOf(gpus, { product: 'L4' }), { names: ['l4', 'K-80'.toLowerCase()] }),
    /the name k-?80 means something else/,
  ],
  [
    'a newer CUDA with an older driver',
    ({ toolkits }) => Object.assign(rowOf(toolkits, { cuda: '12.4.1' }), { minDriver: '500.10' }),
    /CUDA 12\.4\.1 wants driver 500\.10, an older one/,
  ],
  [
    'machine code that the CUDA cannot make',
    ({ pytorchWheels }) => Object.assign(rowOf(pytorchWheels, { version: '2.11', tag: 'cu130' }), { sass: ['7.0'] }),
    /machine code for 7\.0 from CUDA 13\.0/,
  ],
  [
    'a toolkit that knows what it dropped',
    ({ architectures }) => Object.assign(rowOf(architectures, { capability: '7.0' }), { lastCuda: '11.8' }),
    /toolkitArchitectures from 12\.0: has 7\.0/,
  ],
  [
    'a tag that means another CUDA',
    ({ pytorchWheels }) => Object.assign(rowOf(pytorchWheels, { version: '2.11', tag: 'cu126' }), { cuda: '12.8.1' }),
    /the tag cu126 does not mean CUDA 12\.8\.1/,
  ],
  [
    'two defaults of one release',
    ({ pytorchWheels }) => Object.assign(rowOf(pytorchWheels, { version: '2.11', tag: 'cu126' }), { default: true }),
    /PyTorch 2\.11 has a default already/,
  ],
  [
    'a libtensorflow with another CUDA than TensorFlow',
    ({ tfjsNodeGpu }) => Object.assign(rowOf(tfjsNodeGpu, { version: '4.22.0' }), { cuda: '11.8' }),
    /libtensorflow 2\.9\.1 has 11\.2/,
  ],
  [
    'a branch made for another CUDA',
    ({ driverBranches }) => Object.assign(rowOf(driverBranches, { branch: 'R550' }), { newestCuda: '12.5' }),
    /R550 is made for CUDA 12\.5, but toolkits gives it to 12\.4/,
  ],
]

for (const [what, change, told] of FAULTS)
  test(`${what} is a fault with its table and row`, () => assert.match(faultsWith(change), told))

test('a row that is spread over lines is a fault: a change of a row has to be a change of a line', () => {
  const { faults } = checkMatrix(JSON.stringify(JSON.parse(MATRIX_TEXT), null, 2))
  assert.match(faults[0] ?? '', /line \d+: a row has to stand on one line/)
})

test('text that is not such a file is refused with what is wrong, by the check and by whoever judges', () => {
  assert.match(checkMatrix('{').faults[0] ?? '', /not JSON/)
  assert.throws(() => parseMatrix('{'), /not JSON/)
  assert.throws(() => parseMatrix('null'), /format undefined/)
  assert.throws(() => parseMatrix('{"format": 1, "asOf": "2026-10", "tables": {}}'), /lacks the table toolkits/)
})

test('the matrix is read in less than 30 ms', () => {
  const times = Array.from({ length: 9 }, () => processorMsOf(() => parseMatrix(MATRIX_TEXT)))
  assert.ok((times.sort((a, b) => a - b)[4] ?? 0) < 30, `median ${times[4]} ms`)
})
