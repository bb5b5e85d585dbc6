// NPY and NPZ: every kind of number, memory and file, and the sentence for every way in which one can be wrong.
import assert from 'node:assert/strict'
import { statSync, truncateSync } from 'node:fs'
import { test } from 'node:test'
import { openArray } from '../../../packages/trainer/src/data/npy-array.ts'
import { badData, bytes, float32, float64, makeFolder, NEVER, npy, open, rowsOf, zip } from './data-files.ts'

const folder = makeFolder()
let files = 0
const write = (content: Uint8Array): string => folder.write(`${files++}.npy`, content)
const pair = (features: Uint8Array, target: Uint8Array, options: Record<string, unknown> = {}) =>
  open({ format: 'npy', features: write(features), target: write(target), ...options })

const TARGETS = npy('<f4', [2], float32(7, 8))

test('the first axis counts rows: numbers, features, grey and coloured images', async () => {
  const shapes: [number[], number[]][] = [
    [[2], [1]],
    [[2, 6], [6]],
    [
      [2, 2, 3],
      [2, 3, 1],
    ],
    [
      [2, 1, 3, 2],
      [1, 3, 2],
    ],
  ]
  for (const [shape, row] of shapes) {
    const size = row.reduce((product, side) => product * side, 1)
    const numbers = Array.from({ length: 2 * size }, (_, i) => i + 0.5)
    const raw = await pair(npy('<f4', shape, float32(...numbers)), TARGETS)
    assert.deepEqual([raw.rows, raw.shape, raw.targets, raw.classes], [2, row, 1, null])
    assert.deepEqual(rowsOf(raw, [1, 0]), [
      { x: numbers.slice(size), y: [8] },
      { x: numbers.slice(0, size), y: [7] },
    ])
  }
})

test('targets may be several numbers a row', async () => {
  const raw = await pair(npy('<f4', [2], float32(1, 2)), npy('<f8', [2, 3], float64(1, 2, 3, 4, 5, 6)))
  assert.equal(raw.targets, 3)
  assert.deepEqual(
    rowsOf(raw).map(({ y }) => y),
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  )
})

const KINDS: [string, ArrayBufferView, number[]][] = [
  ['<f4', Float32Array.of(-1.5, 3e38), [-1.5, Math.fround(3e38)]],
  ['<f8', Float64Array.of(0.1, -1e30), [Math.fround(0.1), Math.fround(-1e30)]],
  ['|i1', Int8Array.of(-128, 127), [-128, 127]],
  ['<i2', Int16Array.of(-32_768, 32_767), [-32_768, 32_767]],
  ['<i4', Int32Array.of(-(2 ** 31), 2 ** 24), [-(2 ** 31), 2 ** 24]],
  ['<i8', BigInt64Array.of(-5n, 2n ** 40n + 2n ** 20n), [-5, 2 ** 40 + 2 ** 20]],
  ['|u1', Uint8Array.of(0, 255), [0, 255]],
  ['<u2', Uint16Array.of(1, 65_535), [1, 65_535]],
  ['<u4', Uint32Array.of(1, 2 ** 31), [1, 2 ** 31]],
  ['<u8', BigUint64Array.of(2n ** 63n, 3n), [2 ** 63, 3]],
  ['|b1', Uint8Array.of(1, 0), [1, 0]],
]

for (const [descr, numbers, expected] of KINDS)
  test(`${descr} is read, from memory and from the file`, async () => {
    const path = write(npy(descr, [2], bytes(numbers)))
    const { size } = statSync(path)
    for (const heldBytes of [1_000, 0]) {
      const array = await openArray({ path, name: path, from: 0, bytes: size }, null, { signal: NEVER, heldBytes })
      const into = new Float32Array(3)
      array.read(1, into, 1)
      array.read(0, into, 0)
      assert.deepEqual([...into], [...expected, 0])
      array.close()
    }
  })

test('heads of version 1, 2 and 3 are read, and rescaling is value times scale plus offset', async () => {
  for (const version of [1, 2, 3]) {
    const raw = await pair(npy('|u1', [2, 2], Uint8Array.of(0, 51, 102, 255), { version }), TARGETS, {
      rescale: { scale: 2 / 255, offset: -1 },
    })
    assert.deepEqual(
      rowsOf(raw).map(({ x }) => x),
      [
        [-1, Math.fround(-0.6)],
        [Math.fround(-0.2), 1],
      ],
    )
  }
})

test('an array of one axis is in both orders at once, as numpy may write it', async () => {
  const raw = await pair(npy('<f4', [2], float32(1, 2), { fortran: true }), TARGETS)
  assert.deepEqual(rowsOf(raw)[1], { x: [2], y: [8] })
})

test('an array larger than what is held in memory is read row by row, in any order', async () => {
  const rows = 3_000
  const numbers = Float64Array.from({ length: rows * 500 }, (_, i) => i / 7)
  const content = npy('<f8', [rows, 500], bytes(numbers))
  const path = write(content)
  const array = await openArray({ path, name: path, from: 0, bytes: content.length }, null, {
    signal: NEVER,
    heldBytes: 1_000_000,
  })
  for (const row of [rows - 1, 0, 1_234, 1_235]) {
    const into = new Float64Array(500)
    array.read(row, into, 0)
    assert.deepEqual(into, numbers.subarray(row * 500, (row + 1) * 500))
  }
  array.close()
  assert.throws(() => array.read(0, new Float64Array(500), 0), TypeError)
})

test('a NaN far into a file that is not held in memory is found before the training, and named', async () => {
  const rows = 3_000
  const numbers = Float32Array.from({ length: rows * 500 }, (_, i) => i)
  numbers[2_900 * 500 + 17] = Number.NaN
  const path = write(npy('<f4', [rows, 10, 50], bytes(numbers)))
  const region = { path, name: path, from: 0, bytes: 6_000_128 }
  await assert.rejects(
    openArray(region, null, { signal: NEVER, heldBytes: 1_000 }),
    badData(`${path}, row 2901, column 18: NaN at [2900, 0, 17] is not a number`, { row: 2901, column: '18' }),
  )
})

test('a file that became shorter during the training is told of, with the row', async () => {
  const content = npy('<f4', [100, 2], bytes(new Float32Array(200)))
  const path = write(content)
  const array = await openArray({ path, name: path, from: 0, bytes: content.length }, null, {
    signal: NEVER,
    heldBytes: 0,
  })
  truncateSync(path, content.length - 9)
  array.read(97, new Float32Array(2), 0)
  assert.throws(
    () => array.read(98, new Float32Array(2), 0),
    badData(/row 99: is missing: the file became shorter/, { row: 99 }),
  )
  array.close()
})

const good = npy('<f4', [2, 2], float32(1, 2, 3, 4))
const WRONG: {
  what: string
  features?: Uint8Array
  target?: Uint8Array
  options?: Record<string, unknown>
  says: RegExp
}[] = [
  { what: 'something else', features: Buffer.from('1,2,3\n4,5,6\n'), says: /is no NPY file/ },
  { what: 'empty', features: Buffer.alloc(0), says: /is no NPY file/ },
  { what: 'cut off in the head', features: good.subarray(0, 50), says: /ends within the head/ },
  {
    what: 'cut off',
    features: good.subarray(0, -1),
    says: /row 2: is cut off: \[2, 2\] of f4 are 16 bytes, and there are 15/,
  },
  {
    what: 'longer than its shape',
    features: Buffer.concat([good, Buffer.of(1)]),
    says: /goes on after its end: .* 16 bytes, and there are 17/,
  },
  { what: 'a newer version', features: npy('<f4', [2], float32(1, 2), { version: 4 }), says: /is NPY version 4/ },
  {
    what: 'a NaN',
    features: npy('<f4', [2, 2], float32(1, 2, Number.NaN, 4)),
    says: /row 2, column 1: NaN at \[1, 0\] is not a number/,
  },
  {
    what: 'an infinite number',
    features: npy('<f8', [2], float64(1, -1 / 0)),
    says: /row 2: -Infinity at \[1\] is not finite/,
  },
  { what: 'a NaN among the targets', target: npy('<f4', [2], float32(Number.NaN, 1)), says: /row 1: NaN at \[0\]/ },
  {
    what: 'beyond float32',
    features: npy('<f8', [2], float64(1, 1e39)),
    says: /1e\+39 at \[1\] is larger than float32/,
  },
  {
    what: 'beyond float32 when rescaled',
    features: npy('<i4', [2], bytes(Int32Array.of(0, 10))),
    options: { rescale: { scale: 1e38, offset: 0 } },
    says: /10, rescaled to 1e\+39, at \[1\] is larger than float32/,
  },
  {
    what: "in Fortran's order",
    features: npy('<f4', [2, 2], float32(1, 2, 3, 4), { fortran: true }),
    says: /ascontiguousarray/,
  },
  {
    what: 'big-endian',
    features: npy('>f4', [2, 2], float32(1, 2, 3, 4)),
    says: /is big-endian \(>f4\); \.astype\("<f4"\)/,
  },
  { what: 'complex numbers', features: npy('<c8', [2], float64(1, 2)), says: /holds "<c8", and f4, f8/ },
  { what: 'objects', features: npy('|O', [2], float64(1, 2)), says: /holds "\|O"/ },
  {
    what: 'records',
    features: npy('', [2], float32(1, 2), {
      dictionary: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
    }),
    says: /holds records of fields/,
  },
  {
    what: 'a head of nonsense',
    features: npy('', [2], float32(1, 2), { dictionary: "{'descr': 5}" }),
    says: /a head that cannot be read/,
  },
  {
    what: 'a single number',
    features: npy('<f4', [], float32(1), { dictionary: "{'descr': '<f4', 'fortran_order': False, 'shape': (), }" }),
    says: /holds a single number/,
  },
  {
    what: 'no rows',
    features: npy('<f4', [0, 2], float32()),
    target: npy('<f4', [0], float32()),
    says: /is empty: its shape is \[0, 2\]/,
  },
  { what: 'too many axes', features: npy('<f4', [2, 1, 1, 1, 1], float32(1, 2)), says: /has rows of \[1, 1, 1, 1\]/ },
  {
    what: 'targets of too many axes',
    target: npy('<f4', [2, 1, 1], float32(1, 2)),
    says: /targets are \[rows\] or \[rows, outputs\]/,
  },
  { what: 'other counts of rows', target: npy('<f4', [3], float32(1, 2, 3)), says: /has 3 rows for the 2 of / },
]

for (const { what, features = good, target = TARGETS, options, says } of WRONG)
  test(`an NPY file that is wrong (${what}) is refused with a sentence`, async () => {
    await assert.rejects(pair(features, target, options), badData(says))
  })

test('an NPY file that is not there is refused by its name', async () => {
  await assert.rejects(
    open({ format: 'npy', features: '/nowhere/x.npy', target: '/nowhere/y.npy' }),
    badData(/^\/nowhere\/x\.npy: cannot be read \(ENOENT/),
  )
})

const npz = (content: Uint8Array, options: Record<string, unknown> = {}) =>
  open({ format: 'npz', path: folder.write(`${files++}.npz`, content), ...options })
const members = { 'x.npy': good, 'y.npy': TARGETS }

test('the arrays of an NPZ are read, stored or deflated, with zip64 or without', async () => {
  for (const content of [zip(members), zip(members, { deflate: true }), zip(members, { zip64: true })]) {
    const raw = await npz(content)
    assert.deepEqual(rowsOf(raw), [
      { x: [1, 2], y: [7] },
      { x: [3, 4], y: [8] },
    ])
    raw.close()
  }
})

test('the arrays of an NPZ may have other names', async () => {
  const raw = await npz(zip({ 'labels.npy': TARGETS, 'images.npy': good }), { features: 'images', target: 'labels' })
  assert.deepEqual(rowsOf(raw, [1]), [{ x: [3, 4], y: [8] }])
})

const damaged = zip(members)
damaged[damaged.indexOf('x.npy') + 5 + 20 + 6] = 9

const WRONG_NPZ: { what: string; content: Uint8Array; options?: Record<string, unknown>; says: RegExp }[] = [
  { what: 'something else', content: good, says: /is no NPZ file/ },
  { what: 'cut off', content: zip(members).subarray(0, -30), says: /is no NPZ file/ },
  {
    what: 'without the array',
    content: zip(members),
    options: { target: 'z' },
    says: /has no array z; its arrays are x, y/,
  },
  {
    what: 'an array that is wrong',
    content: zip({ ...members, 'x.npy': good.subarray(0, -1) }),
    says: /\.npz, array x, row 2: is cut off/,
  },
  {
    what: 'an array that holds NaN',
    content: zip({ ...members, 'y.npy': npy('<f4', [2], float32(1, Number.NaN)) }, { deflate: true }),
    says: /array y, row 2: NaN at \[1\]/,
  },
  { what: 'damaged', content: damaged, says: /array x: is NPY version 9/ },
  {
    what: 'another checksum',
    content: zip(members, { deflate: true, crc: 1 }),
    says: /holds x\.npy damaged: its checksum is another/,
  },
  {
    what: 'another size',
    content: zip(members, { deflate: true, bytes: 10 }),
    says: /holds more of x\.npy than it says/,
  },
  {
    what: 'a bomb',
    content: zip(members, { deflate: true, bytes: 2 ** 31 - 1 }),
    says: /says that x\.npy has 2147483647 bytes/,
  },
  { what: 'another compression', content: zip(members, { method: 12 }), says: /compressed in a way \(12\)/ },
]

for (const { what, content, options, says } of WRONG_NPZ)
  test(`an NPZ file that is wrong (${what}) is refused with a sentence`, async () => {
    await assert.rejects(npz(content, options), badData(says))
  })
