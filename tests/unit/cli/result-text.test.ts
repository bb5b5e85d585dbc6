import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JobRequest } from '@trotline/contracts'
import { resultFacts, resultRows, resultText } from '../../../apps/cli/src/text/result-text.ts'
import { createStyle } from '../../../apps/cli/src/text/style.ts'
import { trainingText } from '../../../apps/cli/src/text/training-text.ts'
import { request, trainingReport } from '../../support/job-records.ts'

const plain = createStyle({ colour: false, utf8: true })
const trains = (training: unknown): string => trainingText(JobRequest.parse({ ...request(), training }))
const lines = (over: Parameters<typeof trainingReport>[0], width = 100): string[] =>
  resultText(trainingReport(over), width, plain).split('\n')

test('what a request trains is one line, with what it says beyond the defaults', () => {
  assert.equal(
    trains({ kind: 'command', command: ['python', '-c', 'print(1)'], files: { 'a.py': '' }, epochs: 20 }),
    'command python -c "print(1)", 1 file, 20 epochs, seed 0',
  )
  assert.equal(trains({ kind: 'command', command: ['x'.repeat(99)] }), `command ${'x'.repeat(59)}…, seed 0`)
  assert.equal(trains({ kind: 'preset', preset: 'auto-mpg' }), 'preset auto-mpg, 1,000 epochs, seed 0')
  assert.equal(
    trains({ kind: 'preset', preset: 'linear-regression', form: 'autograd', epochs: 1, seed: 42, backend: 'cpu' }),
    'preset linear-regression (autograd), 1 epoch, seed 42, backend cpu',
  )
  const model = {
    kind: 'model',
    data: { format: 'csv', path: '/data/prices.csv', target: 'price' },
    model: {
      layers: [
        { kind: 'dense', units: 8 },
        { kind: 'dense', units: 1 },
      ],
    },
    optimizer: { kind: 'adam' },
    loss: 'mse',
    epochs: 10,
  }
  assert.equal(
    trains(model),
    'model of 2 layers on /data/prices.csv, meanSquaredError, adam, batches of 32, 10 epochs, seed 0',
  )
  assert.match(
    trains({
      ...model,
      data: { format: 'cifar10', files: ['/c/1.bin', '/c/2.bin'] },
      model: { topology: {} },
      shares: 4,
    }),
    /^model as Keras wrote it on \/c\/1\.bin and 1 more, .* batches of 32 in 4 shares/,
  )
})

test('the figures come first, to nine digits, then line, best epoch, what was skipped, and the weights', () => {
  const facts = resultFacts(
    trainingReport({
      metrics: { loss: 0.1234567894, val_loss: null },
      coefficients: {
        start: { a: 0.4967141530112327, b: -0.13826430117118466 },
        end: { a: 1.0235409, b: null },
        leastSquares: { intercept: 1.02354075, slope: 1.96896447 },
      },
      best: { epoch: 4, monitor: 'val_loss', value: 2.5 },
      stoppedEarlyAt: 7,
      skipped: [
        { backend: 'tfjs-node-gpu', why: 'the job asked for no GPU' },
        { backend: 'simd', why: 'it is slow today' },
        { backend: 'wasm', why: 'it is slow today' },
      ],
      weightsSha256: 'a'.repeat(64),
    }),
  )
  assert.deepEqual(
    facts.map(({ label, text }) => `${label}: ${text}`),
    [
      'result: loss 0.123456789  val_loss not a number  (fit 1.0 s on simd, engine simd)',
      'start: y = 0.49671415 - 0.13826430 x',
      'end: y = 1.02354090 + not a number x',
      'exact: y = 1.02354075 + 1.96896447 x  (least squares)',
      'best: epoch 5, by val_loss 2.5; its weights were kept',
      'stopped: early, after epoch 8',
      'skipped: tfjs-node-gpu: the job asked for no GPU',
      'skipped: simd, wasm: it is slow today',
      `weights: sha256 ${'a'.repeat(64)}`,
    ],
  )
})

const LAYERS = [
  { name: 'dense', type: 'Dense', outputShape: [64], params: 640 },
  { name: 'conv', type: 'Conv2D', outputShape: [28, 28, 6], params: 456 },
]
const STATISTICS = {
  Weight: {
    count: 314,
    mean: 2990.251592,
    std: 843.898596,
    min: 1649,
    '25%': 2256.5,
    '50%': 2822.5,
    '75%': 3608,
    max: 5140,
  },
  Europe: { count: 314, mean: 0.178344, std: 0.383413, min: 0, '25%': 0, '50%': 0, '75%': 0, max: 1e-7 },
}

test('layers stand with their parameters and the sum of them', () => {
  assert.deepEqual(lines({ layers: LAYERS }), [
    '',
    'Layers',
    '  LAYER  TYPE    OUTPUT       PARAMS',
    '  dense  Dense   64              640',
    '  conv   Conv2D  28 x 28 x 6     456',
    '  1,096 parameters in all',
    '',
  ])
})

test('statistics are printed as pandas does, with the decimals that a column needs', () => {
  const [, , ...shown] = lines({ trainStatistics: STATISTICS }, 140)
  assert.deepEqual(
    shown.slice(0, 3).map(line => line.trim().split(/\s+/)),
    [
      ['COLUMN', 'COUNT', 'MEAN', 'STD', 'MIN', '25%', '50%', '75%', 'MAX'],
      ['Weight', '314', '2990.251592', '843.898596', '1649', '2256.5', '2822.5', '3608', '5.140000e+3'],
      ['Europe', '314', '0.178344', '0.383413', '0', '0.0', '0.0', '0', '1.000000e-7'],
    ],
  )
})

test('epochs count from 1, and a value that an epoch lacks is left out', () => {
  const shown = lines({
    history: [
      { epoch: 8, loss: 0.5 },
      { epoch: 9, loss: 0.25, val_loss: null },
    ],
  })
  assert.deepEqual(shown.slice(2, 5), ['  EPOCH  loss      val_loss', '      9   0.5', '     10  0.25  not a number'])
})

test('a result without tables has none', () => {
  assert.equal(resultText(trainingReport(), 80, plain), '')
  assert.deepEqual(resultRows(trainingReport()), [])
})

test('in a pipe every row of a table is a line of its own', () => {
  const rows = resultRows(
    trainingReport({
      layers: LAYERS,
      history: [{ epoch: 0, loss: 2 }],
      artifacts: [{ path: 'model.json', bytes: 2048, sha256: 'b'.repeat(64) }],
    }),
  )
  assert.deepEqual(
    rows.map(({ label, text }) => `${label} ${text}`),
    [
      'layer dense  type Dense  output 64  params 640',
      'layer conv  type Conv2D  output 28 x 28 x 6  params 456',
      'epoch 1  loss 2',
      `artifact model.json  size 2 KiB  sha256 ${'b'.repeat(64)}`,
    ],
  )
})
