// A file that is there and cannot be read is no fault of the training: the failure is the environment's, and what was trained is kept.
import assert from 'node:assert/strict'
import { existsSync, readSync, statSync } from 'node:fs'
import { test } from 'node:test'
import type { Dataset } from '../../../packages/trainer/src/data/dataset.ts'
import { unreadable, withFile } from '../../../packages/trainer/src/data/file.ts'
import { type ArrayOptions, openArray } from '../../../packages/trainer/src/data/npy-array.ts'
import type { TrainingData } from '../../../packages/trainer/src/data/training-data.ts'
import type { Head } from '../../../packages/trainer/src/engine/engine.ts'
import { failureOf, TrainerError } from '../../../packages/trainer/src/errors.ts'
import { bytes, makeFolder, NEVER, npy } from './data-files.ts'
import { parts } from './made-up-data.ts'
import { comparable, type Request, runTiny, type Tiny, through, tiny } from './tiny-training.ts'
import { train } from './training.ts'

const folder = makeFolder()

const saidBySystem = (code: string): Error =>
  Object.assign(new Error(`${code}: said the system, read`), { code, errno: -1, syscall: 'read' })

const reasonOf = (error: unknown): string => {
  assert.ok(error instanceof TrainerError, String(error))
  return failureOf(error).reason
}

test('what is not there, is a folder or may not be read is the training’s fault; what the storage does not give is the environment’s', () => {
  for (const code of ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG'])
    assert.equal(reasonOf(unreadable('/data/x.csv', saidBySystem(code))), 'training', code)
  for (const code of ['EIO', 'ESTALE', 'ENODEV', 'ETIMEDOUT', 'ENOTCONN', 'EREMOTEIO', 'EMFILE', 'ENOMEM'])
    assert.equal(reasonOf(unreadable('/data/x.csv', saidBySystem(code))), 'environment', code)
  assert.equal(
    (unreadable('/data/x.csv', saidBySystem('EIO')) as TrainerError).message,
    '/data/x.csv: cannot be read (EIO: said the system, read): the storage of this node is at fault, not the training.',
  )
})

test('a fault while a file is opened ends the training before its start, for its environment', {
  skip: existsSync('/proc/self/mem') ? false : 'there is no /proc here',
}, async () => {
  // Linux answers EIO for the first page of a process's memory, which is never there.
  const { outcome, start } = await train(folder.directory, {
    kind: 'model',
    data: { format: 'csv', path: '/proc/self/mem', target: 'y' },
    model: { layers: [{ kind: 'dense', units: 1 }] },
    optimizer: { kind: 'sgd' },
    loss: 'mse',
  })
  assert.ok(outcome.kind === 'failed')
  assert.deepEqual([outcome.failure.reason, outcome.failure.code], ['environment', 'TRAIN_DATA_UNREADABLE'])
  assert.match(outcome.failure.detail, /^\/proc\/self\/mem: cannot be read \(EIO/)
  assert.equal(start, null)
})

test('a fault in the middle of a file that is being read is told of by the same words', async () => {
  const path = folder.write('some', 'a,y\n1,2\n')
  await assert.rejects(
    withFile(path, NEVER, async file => {
      await file.read(Buffer.alloc(4), 0, 4, 0)
      throw saidBySystem('ESTALE')
    }),
    (error: TrainerError) => error.code === 'TRAIN_DATA_UNREADABLE' && error.message.includes('ESTALE'),
  )
})

// Larger than what is read once and kept.
const [ROWS, SIZE, BATCH] = [2_200, 2_000, 256]
const array = npy('<f4', [ROWS, SIZE], bytes(Float32Array.from({ length: ROWS * SIZE }, (_, i) => (i % 17) / 1000)))
const path = folder.write('rows.npy', array)

async function dataReadBy(read: NonNullable<ArrayOptions['read']>): Promise<Dataset> {
  const region = { path, name: path, from: 0, bytes: statSync(path).size }
  const rows = await openArray(region, null, { signal: NEVER, heldBytes: 0, read })
  return {
    rows: ROWS,
    shape: [SIZE],
    targets: 1,
    classes: null,
    read: (indices, features, targets) =>
      indices.forEach((row, i) => {
        rows.read(row, features, i * SIZE)
        targets[i] = row / ROWS
      }),
    close: rows.close,
  }
}

/** Looks at the first of the 2,000 numbers alone, so that a row costs what its reading costs. */
function tinyOfFirst(request: Request, data: TrainingData): Tiny {
  const made = tiny(request, data)
  const { weights } = made.net
  const [slope, shift] = [weights['dense/bias'], weights['dense_1/bias']] as [Float32Array, Float32Array]
  const outputsOf = (features: Float32Array, rows: number): Float32Array =>
    Float32Array.from(
      { length: rows },
      (_, row) => (slope[0] as number) * (features[row * SIZE] as number) + (shift[0] as number),
    )
  Object.assign(made.net, {
    predict: outputsOf,
    step(features: Float32Array, rows: number, head: Head, rate: number) {
      const gradient = new Float32Array(rows)
      head(outputsOf(features, rows), gradient)
      gradient.forEach((g, row) => {
        slope[0] = (slope[0] as number) - rate * g * (features[row * SIZE] as number)
        shift[0] = (shift[0] as number) - rate * g
      })
    },
  })
  return made
}

for (const [when, reads, progress] of [
  ['in the middle of a batch', BATCH * 3 + 100, { epochs: 0, batches: 3 }],
  ['with the first row of an epoch', ROWS, { epochs: 1, batches: 0 }],
  ['while it is validated', ROWS + ROWS + 30, { epochs: 0, batches: 9 }],
] as const)
  test(`a read that fails ${when} ends the training, and its last good state can be gone on from`, async () => {
    const request = { epochs: 2, batchSize: BATCH, optimizer: { kind: 'sgd', learningRate: 0.001 } as never }
    const partsOf = (data: Dataset) => parts(data, when === 'while it is validated' ? data : null)
    const sound = await dataReadBy(readSync)
    const whole = await runTiny(request, tinyOfFirst(request, partsOf(sound)))
    assert.equal(whole.end.kind, 'completed')

    let left = when === 'while it is validated' ? reads - ROWS : reads
    const failing = await dataReadBy((...where) => {
      if (left-- === 0) throw saidBySystem('EIO')
      return readSync(...where)
    })
    const cut = await runTiny(request, tinyOfFirst(request, partsOf(failing)))
    assert.ok(cut.end.kind === 'failed')
    assert.deepEqual([cut.end.error.code, reasonOf(cut.end.error)], ['TRAIN_DATA_UNREADABLE', 'environment'])
    assert.equal(cut.end.report.epochs, progress.epochs)
    const checkpoint = through(cut.loop.checkpoint())
    assert.deepEqual([checkpoint.epochs, checkpoint.batches], [progress.epochs, progress.batches])
    const resumed = await runTiny(request, tinyOfFirst(request, partsOf(sound)), { resume: checkpoint })
    assert.deepEqual(comparable(resumed), comparable(whole))
    failing.close()
    sound.close()
  })
