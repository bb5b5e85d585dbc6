// A classification of three classes that a small net learns in seconds: bars and crosses in noise, as files of the MNIST family's format.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from './requests.ts'

export const SHAPES = ['row', 'column', 'cross'] as const
const SIDE = 12

/** The same numbers everywhere (mulberry32). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function header(magic: number, sizes: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * sizes.length)
  bytes.writeUInt32BE(magic, 0)
  for (const [at, size] of sizes.entries()) bytes.writeUInt32BE(size, 4 + 4 * at)
  return bytes
}

/** One label in twelve is wrong, so that a good net is wrong as well. */
function shapes(count: number, seed: number): { images: Buffer; labels: Buffer } {
  const random = chance(seed)
  const pixels = Buffer.alloc(count * SIDE * SIDE)
  const labels = Buffer.alloc(count)
  for (let n = 0; n < count; n++) {
    const shape = n % SHAPES.length
    const [y, x] = [Math.floor(random() * SIDE), Math.floor(random() * SIDE)]
    for (let at = 0; at < SIDE * SIDE; at++) {
      const lit = (shape !== 1 && Math.floor(at / SIDE) === y) || (shape !== 0 && at % SIDE === x)
      pixels[n * SIDE * SIDE + at] = Math.min(255, Math.floor(random() * 90) + (lit ? 150 : 0))
    }
    labels[n] = random() < 1 / 12 ? Math.floor(random() * SHAPES.length) : shape
  }
  return {
    images: Buffer.concat([header(0x803, [count, SIDE, SIDE]), pixels]),
    labels: Buffer.concat([header(0x801, [count]), labels]),
  }
}

/** Writes 900 shapes into a folder that the cluster sees, and answers the request that trains on them. */
export async function shapesRequest(folder: string, { name = 'shapes', seed = 1, epochs = 12 } = {}) {
  const { images, labels } = shapes(900, 7)
  const files = { images: join(folder, 'shapes-images'), labels: join(folder, 'shapes-labels') }
  await writeFile(files.images, images, { mode: 0o644 })
  await writeFile(files.labels, labels, { mode: 0o644 })
  return {
    ...request(),
    name,
    training: {
      kind: 'model',
      data: { format: 'idx', ...files, classNames: [...SHAPES] },
      split: { trainFraction: 0.7 },
      validationSplit: 0.2,
      model: {
        layers: [
          { kind: 'flatten' },
          { kind: 'dense', units: 24, activation: 'relu' },
          { kind: 'dense', units: SHAPES.length, activation: 'softmax' },
        ],
      },
      optimizer: { kind: 'adam', learningRate: 0.005 },
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
      batchSize: 32,
      epochs,
      seed,
    },
  }
}
