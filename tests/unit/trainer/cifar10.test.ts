// CIFAR-10's binary files: planes become pixels, several files one set, and the sentence for every way in which one can be wrong.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { badData, cifarRecord, makeFolder, open, rowsOf } from './data-files.ts'

const folder = makeFolder()
let files = 0
const write = (...records: Uint8Array[]): string => folder.write(`batch_${files++}.bin`, Buffer.concat(records))
const flat = (red: number, green: number, blue: number) => (): readonly [number, number, number] => [red, green, blue]

test('planes of red, green and blue become pixels, and labels the classes of the page', async () => {
  const path = write(cifarRecord(9, (y, x) => [y, x, y + x]))
  const raw = await open({ format: 'cifar10', files: [path], rescale: { scale: 1, offset: 0 } })
  assert.deepEqual([raw.rows, raw.shape, raw.targets], [1, [32, 32, 3], 1])
  assert.deepEqual(raw.classes, ['plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'])
  const [{ x, y }] = rowsOf(raw) as [{ x: number[]; y: number[] }]
  assert.equal(y[0], 9)
  const expected = Array.from({ length: 1024 }, (_, place) => [place >> 5, place & 31, (place >> 5) + (place & 31)])
  assert.deepEqual(x, expected.flat())
})

test('bytes become [0, 1] unless told otherwise', async () => {
  const path = write(cifarRecord(0, flat(0, 51, 255)))
  const [{ x }] = rowsOf(await open({ format: 'cifar10', files: [path] })) as [{ x: number[]; y: number[] }]
  assert.deepEqual(x.slice(-3), [0, Math.fround(0.2), 1])
  const raw = await open({ format: 'cifar10', files: [path], rescale: { scale: 1 / 127.5, offset: -1 } })
  assert.deepEqual((rowsOf(raw)[0] as { x: number[]; y: number[] }).x.slice(0, 3), [-1, Math.fround(51 / 127.5 - 1), 1])
})

test('several files are one set, in their order', async () => {
  const paths = [
    write(cifarRecord(1, flat(1, 0, 0)), cifarRecord(2, flat(2, 0, 0))),
    write(cifarRecord(3, flat(3, 0, 0))),
    write(cifarRecord(4, flat(4, 0, 0)), cifarRecord(5, flat(5, 0, 0))),
  ]
  const raw = await open({ format: 'cifar10', files: paths, rescale: { scale: 1, offset: 0 } })
  assert.deepEqual(
    rowsOf(raw, [4, 2, 0, 1, 3]).map(({ x, y }) => [x[0], y[0]]),
    [
      [5, 5],
      [3, 3],
      [1, 1],
      [2, 2],
      [4, 4],
    ],
  )
  assert.equal(raw.placeOf(2), `${paths[1]}, image 1`)
})

test('a file that is cut off, empty, of another kind or not there is refused', async () => {
  const whole = cifarRecord(1, flat(1, 2, 3))
  const cut = write(whole, whole.subarray(0, 100))
  await assert.rejects(
    open({ format: 'cifar10', files: [cut] }),
    badData(/has 3173 bytes: 1 images of 3073 and 100 that are/),
  )
  await assert.rejects(open({ format: 'cifar10', files: [write()] }), badData(/is empty/))
  await assert.rejects(
    open({ format: 'cifar10', files: [write(whole), '/nowhere/b.bin'] }),
    badData(/^\/nowhere\/b\.bin: cannot/),
  )
})

test('a label that is none of ten is refused by file and image', async () => {
  const wrong = write(cifarRecord(9, flat(0, 0, 0)), cifarRecord(10, flat(0, 0, 0)))
  await assert.rejects(
    open({ format: 'cifar10', files: [write(cifarRecord(1, flat(0, 0, 0))), wrong] }),
    badData(`${wrong}, image 2: label 10 is none of 0 to 9`, { row: 2 }),
  )
})
