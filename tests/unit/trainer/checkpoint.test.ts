// The bytes of a checkpoint: what was put in comes out, and whatever is not exactly that is refused whole.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { WorkerTraining } from '../../../packages/contracts/src/training.ts'
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  requestSha256,
} from '../../../packages/trainer/src/checkpoint.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { trainingOf } from './training.ts'

const random = new RandomState(7)
random.randn(3)

const CHECKPOINT: Checkpoint = {
  requestSha256: 'a'.repeat(64),
  engine: 'autograd',
  backend: 'wasm',
  epochs: 6,
  batches: 3,
  history: [{ epoch: 5, values: { loss: 0.1 + 0.2, val_loss: 5e-324 } }],
  state: {
    weights: { kernel: Float32Array.from(random.randn(12)), bias: Float32Array.of(-0, 1, Number.NaN) },
    rest: { line: Float64Array.of(Math.PI, -0), order: Int32Array.of(3, -1, 2, 0) },
    random: random.state,
  },
}
const BYTES = encodeCheckpoint(CHECKPOINT)

const refusalOf = (bytes: Uint8Array): string => {
  const decoded = decodeCheckpoint(bytes)
  assert.ok('refused' in decoded, 'it is refused')
  return decoded.refused
}

/** With a checksum that is right for whatever stands before it. */
const resealed = (content: Uint8Array): Uint8Array =>
  Buffer.concat([content, createHash('sha256').update(content).digest()])
const CONTENT = BYTES.subarray(0, -32)
const withHead = (change: (head: Record<string, unknown>) => unknown): Uint8Array => {
  const opening = CONTENT.indexOf(0x0a) + 1
  const length = Buffer.from(CONTENT).readUInt32LE(opening)
  const head = JSON.parse(Buffer.from(CONTENT).toString('utf8', opening + 4, opening + 4 + length))
  const text = Buffer.from(JSON.stringify(change(head)))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(text.length)
  return resealed(Buffer.concat([CONTENT.subarray(0, opening), size, text, CONTENT.subarray(opening + 4 + length)]))
}

test('a checkpoint is read as it was written, to the last bit', () => {
  assert.deepEqual(decodeCheckpoint(BYTES), CHECKPOINT)
  // From the middle of a larger buffer, where no array of floats may begin.
  const within = Buffer.concat([Buffer.from('x'), BYTES]).subarray(1)
  assert.deepEqual(decodeCheckpoint(within), CHECKPOINT)
})

test('a generator goes on from its state as if it had not been written down', () => {
  const decoded = decodeCheckpoint(BYTES) as Checkpoint
  const restored = new RandomState(0)
  restored.state = decoded.state.random as NonNullable<Checkpoint['state']['random']>
  assert.deepEqual(restored.randn(5), random.randn(5))
})

test('every single flipped bit is noticed', () => {
  for (let at = 0; at < BYTES.length; at++) {
    const flipped = Uint8Array.from(BYTES)
    flipped[at] = (flipped[at] as number) ^ (1 << (at % 8))
    assert.match(refusalOf(flipped), /is damaged|is no checkpoint/)
  }
})

test('every truncation is noticed, and so is anything behind the end', () => {
  for (let length = 0; length < BYTES.length; length++)
    assert.match(refusalOf(BYTES.subarray(0, length)), /is damaged|is no checkpoint/)
  assert.match(refusalOf(Buffer.concat([BYTES, Buffer.of(0)])), /is damaged/)
})

test('another format is named, and a head or arrays that do not fit are refused even where the checksum is right', () => {
  const opening = CONTENT.indexOf(0x0a)
  assert.equal(CONTENT[opening - 1], '3'.charCodeAt(0))
  const other = Uint8Array.from(CONTENT)
  other[opening - 1] = '1'.charCodeAt(0)
  assert.match(refusalOf(resealed(other)), /format 1, and this worker reads format 3/)
  assert.deepEqual(decodeCheckpoint(withHead(head => head)), CHECKPOINT)
  assert.match(refusalOf(withHead(({ epochs, ...head }) => head)), /head that this worker cannot read/)
  assert.match(refusalOf(withHead(head => ({ ...head, surprise: 1 }))), /head that this worker cannot read/)
  assert.match(refusalOf(withHead(head => ({ ...head, epochs: -1 }))), /head that this worker cannot read/)
  assert.match(refusalOf(withHead(({ batches, ...head }) => head)), /head that this worker cannot read/)
  assert.match(refusalOf(withHead(head => ({ ...head, rest: [] }))), /other arrays than its head says/)
  const more = { name: 'more', type: 'float64', length: 1_000_000 }
  assert.match(refusalOf(withHead(head => ({ ...head, rest: [...(head.rest as object[]), more] }))), /other arrays/)
  assert.match(refusalOf(resealed(CONTENT.subarray(0, opening + 1))), /no head/)
  assert.match(refusalOf(resealed(CONTENT.subarray(0, opening + 9))), /head that this worker cannot read/)
})

test('the hash of a request does not depend on the order in which its fields were written, but on each of them', () => {
  const request = trainingOf({ preset: 'auto-mpg', epochs: 10 })
  const { seed, ...others } = request
  assert.equal(requestSha256({ seed, ...others } as WorkerTraining), requestSha256(request))
  for (const change of [{ preset: 'linear-regression' }, { epochs: 11 }, { seed: 1 }, { backend: 'cpu' }])
    assert.notEqual(requestSha256({ ...request, ...change } as WorkerTraining), requestSha256(request))
})

test('the fields within a request count in any order too, and the layers in theirs', () => {
  const layers = [
    { kind: 'dense', units: 8, activation: 'relu' },
    { kind: 'dense', units: 1 },
  ]
  const model = { kind: 'model', data: { format: 'auto-mpg' }, optimizer: { kind: 'adam' }, loss: 'mse' } as const
  const of = (net: object[]) => requestSha256(trainingOf({ ...model, model: { layers: net } }))
  assert.equal(
    of([
      { activation: 'relu', units: 8, kind: 'dense' },
      { units: 1, kind: 'dense' },
    ]),
    of(layers),
  )
  assert.notEqual(of(layers.toReversed()), of(layers))
})
