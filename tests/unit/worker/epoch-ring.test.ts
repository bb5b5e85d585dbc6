// The ring between training and report thread: whatever goes in comes out again, in order, and what does not fit is refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEpochRing, createRingReader, createRingWriter } from '../../../apps/worker/src/epoch-ring.ts'

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const ended = (epoch: number, values: Record<string, number>) => ({
  epoch: { epoch, seconds: epoch / 7, values },
  at: AT + epoch,
})

function setUp({ numbers = 64, tellNames = true } = {}) {
  const ring = createEpochRing(numbers)
  const reader = createRingReader(ring)
  const held: string[][] = []
  const writer = createRingWriter(ring, names => void (tellNames ? reader.names(names) : held.push(names)))
  const write = ({ epoch, at }: ReturnType<typeof ended>): boolean => writer.write(epoch, at)
  return { ring, reader, writer, write, held }
}

test('epochs come out as they went in, values that are no numbers to JSON among them', () => {
  const odd = [0, -0, 5e-324, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const all = odd.map((loss, epoch) => ended(epoch, { loss, mae: 1 / 3, val_loss: -loss }))
  const { write, reader } = setUp()
  for (const one of all) assert.equal(write(one), true)
  assert.deepEqual(reader.read(), all)
  assert.deepEqual(reader.read(), [])
})

test('names of values may change, and rows wait until theirs are known', () => {
  const all = [
    ended(0, {}),
    ended(1, { loss: 1 }),
    ended(2, { loss: 2, mae: 3 }),
    ended(3, { mae: 4, loss: 5 }),
    ended(4, { mae: 6, loss: 7 }),
    ended(5, { mae: 8 }),
  ]
  const { write, reader, held } = setUp({ tellNames: false })
  for (const one of all) assert.equal(write(one), true)
  assert.equal(held.length, 4)
  const read = [...reader.read()]
  for (const names of held) {
    reader.names(names)
    read.push(...reader.read())
  }
  assert.deepEqual(read, all)
})

test('the ring is gone round and round, and over the end of what a 32-bit count can hold', () => {
  for (const from of [0, 2 ** 31 - 40, -40]) {
    const ring = createEpochRing(64)
    const reader = createRingReader(ring)
    ring.ends.fill(from)
    const writer = createRingWriter(ring, names => reader.names(names))
    for (let epoch = 0; epoch < 100; epoch++) {
      const { epoch: raw, at } = ended(epoch, { loss: epoch })
      assert.equal(writer.write(raw, at), true)
      if (epoch % 7 === 6)
        assert.deepEqual(
          reader.read().map(one => one.epoch.values.loss),
          Array.from({ length: 7 }, (_, i) => epoch - 6 + i),
        )
    }
  }
})

test('a full ring refuses, loses nothing, and has room again when it was read', () => {
  const { write, writer, reader } = setUp()
  let written = 0
  while (write(ended(written, { loss: written }))) written += 1
  assert.equal(written, Math.floor(64 / 5))
  assert.equal(writer.isHalfFull(), true)
  assert.equal(writer.waitForRoom(1), false)
  assert.equal(reader.read().length, written)
  assert.equal(writer.waitForRoom(1), true)
  assert.equal(write(ended(written, { loss: 0 })), true)
})

test('names under which nothing could be written do not shift those after them', () => {
  const { write, reader } = setUp({ numbers: 16 })
  const valuesRead = () => reader.read().map(one => one.epoch.values)
  assert.equal(write(ended(0, { loss: 1, mae: 2, mse: 3 })), true)
  assert.equal(write(ended(1, { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 })), false)
  assert.deepEqual(valuesRead(), [{ loss: 1, mae: 2, mse: 3 }])
  assert.equal(write(ended(2, { accuracy: 1 })), true)
  assert.deepEqual(valuesRead(), [{ accuracy: 1 }])
})

test('an epoch with more values than the ring holds is a mistake that is told', () => {
  const { write } = setUp({ numbers: 8 })
  assert.throws(() => write(ended(0, { a: 1, b: 2, c: 3, d: 4, e: 5 })), /an epoch of 5 values: 4 at most/)
})

test('during a detour nothing is written, however much room there is, and each of them is waited for', () => {
  const { write, writer, reader } = setUp()
  writer.detour()
  writer.detour()
  assert.equal(write(ended(0, { loss: 0 })), false)
  assert.equal(writer.waitForRoom(1), false)
  reader.detourTaken()
  assert.equal(write(ended(0, { loss: 0 })), false)
  reader.detourTaken()
  assert.equal(writer.waitForRoom(1), true)
  assert.equal(write(ended(0, { loss: 0 })), true)
  assert.equal(reader.read().length, 1)
})
