// A stop while the data is opened: it is seen at every block of a file, whatever the format, and leaves no file open.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ModelTraining } from '../../../packages/contracts/src/training.ts'
import { openTrainingData } from '../../../packages/trainer/src/data/training-data.ts'
import { Stopped } from '../../../packages/trainer/src/errors.ts'
import { startProcessorWatch } from '../../support/processor-time.ts'
import { bytes, cifarRecord, idx, makeFolder, npy, zip } from './data-files.ts'
import { train } from './training.ts'

const folder = makeFolder()
const ROWS = 20_000
/** Two megabytes: eight blocks. */
const features = npy('<f4', [ROWS, 26], bytes(new Float32Array(ROWS * 26)))
const targets = npy('<i4', [ROWS], bytes(Int32Array.from({ length: ROWS }, (_, row) => row % 3)))
const csv = `x,y\n${Array.from({ length: 150_000 }, (_, row) => `${row},${row}.5`).join('\n')}\n`
const images = idx([ROWS, 12, 10], new Uint8Array(ROWS * 120))
const black = Buffer.concat(Array.from({ length: 300 }, () => cifarRecord(1, () => [0, 0, 0])))

const DATA: Record<string, { data: Record<string, unknown>; blocks: number; loss?: string }> = {
  csv: { data: { format: 'csv', path: folder.write('a.csv', csv), target: 'y', normalize: 'zScore' }, blocks: 8 },
  npy: {
    data: {
      format: 'npy',
      features: folder.write('x.npy', features),
      target: folder.write('y.npy', targets),
      normalize: 'zScore',
    },
    // 8 of features and 1 of targets with a head each, 3 in which numbers are checked, 1 of classes, 4 for mean and deviation.
    blocks: 19,
    loss: 'sparseCategoricalCrossentropy',
  },
  'npz, compressed': {
    data: {
      format: 'npz',
      path: folder.write('both.npz', zip({ 'x.npy': features, 'y.npy': targets }, { deflate: true })),
      features: 'x',
      target: 'y',
    },
    blocks: 8,
  },
  // Compressed the file is a single block.
  'idx, compressed': {
    data: {
      format: 'idx',
      images: folder.write('images.gz', gzipSync(images)),
      labels: folder.write('labels', idx([ROWS], new Uint8Array(ROWS))),
    },
    blocks: 8,
    loss: 'sparseCategoricalCrossentropy',
  },
  cifar10: {
    data: { format: 'cifar10', files: [folder.write('batch.bin', black)] },
    blocks: 4,
    loss: 'sparseCategoricalCrossentropy',
  },
}

const trainingOf = (data: Record<string, unknown>, loss = 'mse') =>
  ModelTraining.parse({
    kind: 'model',
    data,
    model: { layers: [{ kind: 'flatten' }, { kind: 'dense', units: 3 }] },
    optimizer: { kind: 'sgd' },
    loss,
    epochs: 1,
  })

/** Aborted from its look number `look` on. */
function signalOf(look: number): { signal: AbortSignal; looks(): number } {
  let looks = 0
  const { signal } = new AbortController()
  return {
    signal: new Proxy(signal, { get: (of, name) => (name === 'aborted' ? looks++ >= look : Reflect.get(of, name)) }),
    looks: () => looks,
  }
}

const openFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder.directory) ? [path] : []
    } catch {
      return []
    }
  })

for (const [format, { data, blocks, loss }] of Object.entries(DATA))
  test(`${format}: a stop is seen at every block that is read, and no file stays open`, async () => {
    const undisturbed = signalOf(Number.POSITIVE_INFINITY)
    const opened = await openTrainingData(trainingOf(data, loss), folder, undisturbed.signal)
    opened.close()
    const looks = undisturbed.looks()
    assert.ok(looks >= blocks, `${looks} looks`)
    for (let look = 0; look < looks; look++) {
      const { signal, looks: made } = signalOf(look)
      await assert.rejects(openTrainingData(trainingOf(data, loss), folder, signal), Stopped)
      assert.equal(made(), look + 1, 'it went no further')
    }
    if (existsSync('/proc/self/fd')) assert.deepEqual(openFiles(), [])
  })

test('a training that is stopped while its data is opened has no report, no start and no failure, and ends at once', async () => {
  // Takes seconds to read.
  const path = folder.write('long.csv', csv.slice(4).repeat(12).replace(/^/, 'x,y\n'))
  const stop = new AbortController()
  let sinceStopMs = (): number => 0
  setTimeout(() => {
    sinceStopMs = startProcessorWatch()
    stop.abort('SIGTERM')
  }, 30)
  const { outcome, start, backends, epochs } = await train(
    folder.directory,
    {
      kind: 'model',
      data: { format: 'csv', path, target: 'y' },
      model: { layers: [{ kind: 'dense', units: 1 }] },
      optimizer: { kind: 'sgd' },
      loss: 'mse',
    },
    { signal: stop.signal },
  )
  assert.deepEqual(outcome, { kind: 'stopped', report: null })
  assert.ok(sinceStopMs() < 1000, `${sinceStopMs()} ms after the stop`)
  assert.deepEqual([start, backends, epochs], [null, [], []])
})
