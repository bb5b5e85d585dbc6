// The MNIST family's files: pixels, borders, classes, and the sentence for every way in which one can be wrong.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { badData, idx, makeFolder, open, rowsOf } from './data-files.ts'

const folder = makeFolder()
let files = 0
const write = (content: Uint8Array): string => folder.write(`${files++}-ubyte`, content)
const idxData = (images: Uint8Array, labels: Uint8Array, options: Record<string, unknown> = {}) =>
  open({ format: 'idx', images: write(images), labels: write(labels), ...options })

// Two images of 2 × 3.
const IMAGES = idx([2, 2, 3], [0, 51, 102, 153, 204, 255, 255, 0, 0, 0, 0, 1])
const LABELS = idx([2], [3, 0])
const float32 = (...values: number[]): number[] => values.map(Math.fround)

test('bytes become [0, 1], and labels classes with the names "0" to the highest', async () => {
  const raw = await idxData(IMAGES, LABELS)
  assert.deepEqual([raw.rows, raw.shape, raw.targets, raw.classes], [2, [2, 3, 1], 1, ['0', '1', '2', '3']])
  assert.deepEqual(rowsOf(raw, [1, 0]), [
    { x: float32(1, 0, 0, 0, 0, 1 / 255), y: [0] },
    { x: float32(0, 0.2, 0.4, 0.6, 0.8, 1), y: [3] },
  ])
})

test('files compressed with gzip give the same, whatever they are called', async () => {
  const [plain, compressed] = [await idxData(IMAGES, LABELS), await idxData(gzipSync(IMAGES), gzipSync(LABELS))]
  assert.deepEqual(rowsOf(compressed), rowsOf(plain))
})

test('a border of black is added before rescaling, and three channels repeat the grey', async () => {
  const raw = await idxData(IMAGES, LABELS, { pad: 1, channels: 3, rescale: { scale: 2 / 255, offset: -1 } })
  assert.deepEqual(raw.shape, [4, 5, 3])
  const grey = [
    [-1, -1, -1, -1, -1],
    [-1, -1, -0.6, -0.2, -1],
    [-1, 0.2, 0.6, 1, -1],
    [-1, -1, -1, -1, -1],
  ]
  const expected = grey.flat().flatMap(value => [value, value, value])
  const [{ x }] = rowsOf(raw, [0]) as [{ x: number[]; y: number[] }]
  assert.equal(x.length, 60)
  for (const [i, value] of x.entries()) assert.ok(Math.abs(value - (expected[i] as number)) < 1e-6, `${i}: ${value}`)
})

test('what a batch left in the receiving array is not seen in the border of the next', async () => {
  const raw = await idxData(IMAGES, LABELS, { pad: 2 })
  const [features, targets] = [new Float32Array(2 * 6 * 7).fill(9), new Float32Array(2)]
  raw.read(Int32Array.of(1), features, targets)
  assert.ok(features.subarray(0, 42).every(value => value <= 1))
  assert.ok(features.subarray(42).every(value => value === 9))
})

test('class names given are the classes, and there must be one for every label', async () => {
  const raw = await idxData(IMAGES, LABELS, { classNames: ['a', 'b', 'c', 'd', 'e'] })
  assert.deepEqual(raw.classes, ['a', 'b', 'c', 'd', 'e'])
  await assert.rejects(
    idxData(IMAGES, LABELS, { classNames: ['a', 'b', 'c'] }),
    badData(/label 1: class 3 has no name: 3 are given/, { row: 1 }),
  )
})

test('images of more than one block are read whole', async () => {
  const count = 1_500
  const pixels = Uint8Array.from({ length: count * 28 * 28 }, (_, i) => (i * 31 + (i >>> 8)) & 255)
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10)
  for (const pack of [(file: Buffer) => file, gzipSync]) {
    const raw = await idxData(pack(idx([count, 28, 28], pixels)), pack(idx([count], labels)), {
      rescale: { scale: 1, offset: 0 },
    })
    const [{ x, y }] = rowsOf(raw, [count - 1]) as [{ x: number[]; y: number[] }]
    assert.deepEqual([x, y[0]], [[...pixels.subarray(-784)], (count - 1) % 10])
  }
})

const cutGzip = gzipSync(IMAGES).subarray(0, -14)
const WRONG: { what: string; images?: Uint8Array; labels?: Uint8Array; says: RegExp }[] = [
  {
    what: 'the files exchanged',
    images: LABELS,
    labels: IMAGES,
    says: /is no IDX file of images: it begins with 0x00000801/,
  },
  {
    what: 'something else',
    images: Buffer.from('a,b\n1,2\n3,4\n5,6,7'),
    says: /begins with 0x612c620a instead of 0x00000803/,
  },
  { what: 'empty', images: Buffer.alloc(0), says: /ends after 0 bytes, within the head/ },
  { what: 'cut off in the head', labels: LABELS.subarray(0, 6), says: /ends after 6 bytes, within the head/ },
  { what: 'cut off', images: IMAGES.subarray(0, -1), says: /holds 2 images of 2 × 3, and ends after 1\./ },
  {
    what: 'cut off by far',
    images: idx([60_000, 28, 28], [1, 2, 3]),
    says: /holds 60000 images of 28 × 28, and has 19 bytes/,
  },
  { what: 'a compressed file cut off', images: cutGzip, says: /ends in the middle of its compressed data/ },
  {
    what: 'a compressed file damaged',
    images: gzipSync(IMAGES).fill(0xff, 12, 20),
    says: /cannot be decompressed \(/,
  },
  {
    what: 'longer than it says',
    images: Buffer.concat([IMAGES, Buffer.of(0)]),
    says: /goes on after the 2 images of 2 × 3/,
  },
  {
    what: 'labels longer than they say',
    labels: Buffer.concat([LABELS, Buffer.of(0)]),
    says: /goes on after the 2 labels/,
  },
  { what: 'other counts', labels: idx([3], [1, 2, 3]), says: /has 3 labels for the 2 images of / },
  { what: 'no images', images: idx([0, 2, 3], []), labels: idx([0], []), says: /holds no pixel/ },
]

for (const { what, images = IMAGES, labels = LABELS, says } of WRONG)
  test(`an IDX file that is wrong (${what}) is refused with a sentence`, async () => {
    await assert.rejects(idxData(images, labels), badData(says))
  })

const FASHION = '/usr/share/datasets/fashion-mnist'
test('Fashion-MNIST of Debian opens as exercise 3 wants it', {
  skip: existsSync(FASHION) ? false : `${FASHION} is not there: apt-get install dataset-fashion-mnist`,
}, async () => {
  const raw = await open({
    format: 'idx',
    images: `${FASHION}/t10k-images-idx3-ubyte.gz`,
    labels: `${FASHION}/t10k-labels-idx1-ubyte.gz`,
    pad: 2,
    channels: 3,
    rescale: { scale: 1 / 127.5, offset: -1 },
  })
  assert.deepEqual([raw.rows, raw.shape, raw.classes?.length], [10_000, [32, 32, 3], 10])
  // The test set begins with an ankle boot, a pullover, two pairs of trousers.
  assert.deepEqual(
    rowsOf(raw, [0, 1, 2, 3]).map(({ y }) => y[0]),
    [9, 2, 1, 1],
  )
})
