// Which rows train, validate and test, and that all of them are scaled by what the training part alone says.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readlinkSync, truncateSync } from 'node:fs'
import { test } from 'node:test'
import { ModelTraining } from '../../../packages/contracts/src/training.ts'
import { openTrainingData } from '../../../packages/trainer/src/data/training-data.ts'
import { sample } from '../../../packages/trainer/src/random/sample.ts'
import { badData, bytes, float32, idx, makeFolder, npy, rowsOf } from './data-files.ts'

const folder = makeFolder()
let files = 0
const write = (content: string | Uint8Array): string => folder.write(`${files++}`, content)

const parts = (data: Record<string, unknown>, options: Record<string, unknown> = {}) =>
  openTrainingData(
    ModelTraining.parse({
      kind: 'model',
      data,
      model: { layers: [{ kind: 'dense', units: 1 }] },
      optimizer: { kind: 'sgd' },
      loss: 'mse',
      epochs: 1,
      ...options,
    }),
    { directory: '/nowhere' },
  )

const csvOf = (rows: number, cells = (i: number) => `${i},${i * i}`): string =>
  `a,y\n${Array.from({ length: rows }, (_, i) => cells(i)).join('\n')}\n`
const csv = (rows: number, options: Record<string, unknown> = {}) => ({
  format: 'csv',
  path: write(csvOf(rows)),
  target: 'y',
  ...options,
})

const column = (dataset: Parameters<typeof rowsOf>[0]): number[] => rowsOf(dataset).map(({ x }) => x[0] as number)

test('without a split every row trains, in the order of the file', async () => {
  const { train, validation, test: tested } = await parts(csv(7))
  assert.deepEqual([column(train), validation, tested], [[0, 1, 2, 3, 4, 5, 6], null, null])
})

test('a split draws the training part as pandas does and leaves the others in the order of the file', async () => {
  const { train, test: tested } = await parts(csv(50), { split: { trainFraction: 0.7, splitSeed: 3 } })
  const drawn = [...(await sample(50, 0.7, 3))]
  assert.deepEqual(column(train), drawn)
  const others = [...Array(50).keys()].filter(row => !drawn.includes(row))
  assert.deepEqual([tested && column(tested), tested && rowsOf(tested)[0]?.y], [others, [(others[0] as number) ** 2]])
})

test('validation takes the last rows of the training part, as many as Keras leaves: int(rows · (1 − split)) train', async () => {
  for (const [rows, split, trained] of [
    [314, 0.2, 251],
    [10, 0.25, 7],
    [10, 0.3, 7],
    [100, 0.1, 90],
  ] as const) {
    const { train, validation } = await parts(csv(rows), { validationSplit: split })
    assert.deepEqual([train.rows, validation?.rows], [trained, rows - trained])
    assert.deepEqual(validation && column(validation)[0], trained)
  }
})

test('the rows set apart for validation are of the draw, not of the file', async () => {
  const { train, validation } = await parts(csv(20), {
    split: { trainFraction: 0.5, splitSeed: 1 },
    validationSplit: 0.3,
  })
  const drawn = [...(await sample(20, 0.5, 1))]
  assert.deepEqual([column(train), validation && column(validation)], [drawn.slice(0, 7), drawn.slice(7)])
})

// x = pd.Series([3., 1., 4., 1., 5., 9., 2., 6.]): mean 3.875, std 2.748376143938713 (dividing by n − 1)
test('z-scores are of the training part before validation is set apart, and scale the other parts too', async () => {
  const train = write('a,c,y\n3,u,0\n1,u,0\n4,v,0\n1,v,0\n5,u,0\n9,u,0\n2,u,0\n6,u,0\n')
  const other = write('c,a,y\nv,1000,5\n')
  const options = { format: 'csv', target: 'y', normalize: 'zScore', columns: { c: 'category' } }
  const opened = await parts(
    { ...options, path: train },
    { validationSplit: 0.25, testData: { ...options, path: other, normalize: 'none' } },
  )
  const a = opened.statistics?.a
  assert.deepEqual([a?.mean, a?.std, a?.max], [3.875, 2.748376143938713, 9])
  assert.deepEqual(Object.keys(opened.statistics ?? {}), ['a', 'c_u', 'c_v'])
  const z = (value: number): number => Math.fround((value - 3.875) / 2.748376143938713)
  assert.deepEqual([column(opened.train)[0], opened.validation && column(opened.validation)], [z(3), [z(2), z(6)]])
  const v = opened.statistics?.c_v as { mean: number; std: number }
  assert.equal(v.mean, 0.25)
  const [row] = rowsOf(opened.test as typeof opened.train) as [{ x: number[]; y: number[] }]
  assert.deepEqual([row.x[0], row.x[2], row.y], [z(1000), Math.fround(0.75 / v.std), [5]])
})

test('a column that never varies becomes 0, not NaN', async () => {
  const path = write(`a,b,y\n${'0.1,1,2\n'.repeat(10)}`)
  const { train } = await parts({ format: 'csv', path, target: 'y', normalize: 'zScore' })
  assert.deepEqual(rowsOf(train)[3], { x: [0, 0], y: [2] })
})

test('statistics are told of columns that are not scaled, too', async () => {
  const { statistics, train } = await parts(csv(5))
  assert.deepEqual([statistics?.a?.mean, statistics?.a?.count, column(train)[4]], [2, 5, 4])
})

test('arrays are scaled each number by its own deviation, of the training part alone', async () => {
  const rows = 600
  const numbers = Float64Array.from({ length: rows * 3 }, (_, i) => Math.sin(i) * 10 ** (i % 3))
  numbers.forEach((_, i) => {
    if (i % 3 === 2) numbers[i] = 5
  })
  const features = write(npy('<f8', [rows, 3], bytes(numbers)))
  const target = write(npy('<i4', [rows], bytes(new Int32Array(rows))))
  const { train, statistics } = await parts(
    { format: 'npy', features, target, normalize: 'zScore' },
    { split: { trainFraction: 0.5, splitSeed: 9 } },
  )
  assert.equal(statistics, null)
  for (const place of [0, 1]) {
    const drawn = [...(await sample(rows, 0.5, 9))].map(row => numbers[row * 3 + place] as number)
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length
    const std = Math.sqrt(drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (drawn.length - 1))
    rowsOf(train).forEach(({ x }, i) => {
      const expected = ((drawn[i] as number) - mean) / std
      assert.ok(Math.abs((x[place] as number) - expected) < 1e-6)
    })
  }
  assert.ok(rowsOf(train).every(({ x }) => x[2] === 0))
})

const image = (label: number[], classNames: string[] | null = null) => ({
  format: 'idx',
  images: write(idx([label.length, 1, 1], label)),
  labels: write(idx([label.length], label)),
  classNames,
})
const sparse = { loss: 'sparseCategoricalCrossentropy' }

test('all parts have the classes of the training data, those that a part has no row of among them', async () => {
  const opened = await parts(image([0, 4, 2]), { ...sparse, testData: image([1, 0]) })
  assert.deepEqual(
    [opened.train.classes, opened.test?.classes],
    [
      ['0', '1', '2', '3', '4'],
      ['0', '1', '2', '3', '4'],
    ],
  )
})

test('plain numbers are classes where the loss counts classes, and numbers where it does not', async () => {
  const features = write(npy('<f4', [3], float32(1, 2, 3)))
  const target = write(npy('<i8', [3], bytes(BigInt64Array.of(2n, 0n, 1n))))
  const data = { format: 'npy', features, target }
  assert.deepEqual((await parts(data, sparse)).train.classes, ['0', '1', '2'])
  assert.equal((await parts(data)).train.classes, null)
})

const REFUSED: { what: string; open: () => Promise<unknown>; says: RegExp }[] = [
  {
    what: 'a target that is no class',
    open: () => parts({ format: 'csv', path: write('a,y\n1,0\n1,1.5\n'), target: 'y' }, sparse),
    says: /line 3: target 1\.5 is not a class/,
  },
  {
    what: 'a class below 0',
    open: () =>
      parts(
        {
          format: 'npy',
          features: write(npy('<f4', [2], float32(1, 2))),
          target: write(npy('<i4', [2], bytes(Int32Array.of(0, -1)))),
        },
        sparse,
      ),
    says: /row 2: target -1 is not a class/,
  },
  {
    what: 'a class that the training data have not',
    open: () => parts(image([0, 1]), { ...sparse, testData: image([0, 2]) }),
    says: /has class 2 "2", which .* has not/,
  },
  {
    what: 'classes of other names',
    open: () => parts(image([0, 1], ['a', 'b']), { ...sparse, validationData: image([0, 1], ['b', 'a']) }),
    says: /has class 0 "b", which/,
  },
  {
    what: 'rows of another shape',
    open: () =>
      parts(image([0, 1]), {
        ...sparse,
        testData: {
          format: 'npy',
          features: write(npy('<f4', [1, 2], float32(1, 2))),
          target: write(npy('<f4', [1], float32(0))),
        },
      }),
    says: /has rows of \[2\], and those of .* are \[1, 1, 1\]/,
  },
  {
    what: 'other counts of targets',
    open: () => {
      const features = write(npy('<f4', [1], float32(1)))
      const data = { format: 'npy', features, target: write(npy('<f4', [1, 2], float32(1, 2))) }
      return parts(data, { testData: { ...data, target: write(npy('<f4', [1], float32(1))) } })
    },
    says: /has 1 targets a row, and .* has 2/,
  },
  {
    what: 'too few rows to split',
    open: () => parts(csv(3), { split: { trainFraction: 0.95, splitSeed: 0 } }),
    says: /has 3 rows, too few to be split/,
  },
  {
    what: 'too few rows to validate',
    open: () => parts(csv(1), { validationSplit: 0.5 }),
    says: /too few to set some apart/,
  },
  { what: 'one row to scale by', open: () => parts(csv(1, { normalize: 'zScore' })), says: /has one row to train on/ },
]

for (const { what, open, says } of REFUSED)
  test(`parts that cannot be trained on (${what}) are refused with a sentence`, async () => {
    await assert.rejects(open(), badData(says))
  })

test('a test row whose z-score is beyond float32 is told of when it is read, with its place', async () => {
  const [train, far] = [write('a,y\n0,1\n1e-30,1\n'), write('a,y\n1,1\n1e38,1\n')]
  const data = { format: 'csv', path: train, target: 'y', normalize: 'zScore' }
  const { test: tested } = await parts(data, { testData: { ...data, path: far } })
  assert.throws(
    () => rowsOf(tested as NonNullable<typeof tested>),
    badData(/line 3: has the z-score 1\.4.*e\+68, beyond/),
  )
})

const openFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder.directory) ? [fd] : []
    } catch {
      return []
    }
  })

test('a file that is too large to hold stays open until it is closed, and not after a refusal', {
  skip: existsSync('/proc/self/fd') ? false : 'there is no /proc here',
}, async () => {
  // A hole in a file takes no room: 160 MB of zeros.
  const rows = 40_000
  const head = npy('<f4', [rows, 1000], new Uint8Array(0))
  const features = write(head)
  truncateSync(features, head.length + rows * 4000)
  const target = write(npy('<f4', [rows], bytes(new Float32Array(rows))))
  const data = { format: 'npy', features, target }
  const { train, close } = await parts(data)
  assert.equal(openFiles().length, 1)
  assert.deepEqual(rowsOf(train, [rows - 1]), [{ x: new Array(1000).fill(0), y: [0] }])
  close()
  close()
  assert.equal(openFiles().length, 0)
  await assert.rejects(parts(data, { testData: { format: 'csv', path: '/nowhere/x', target: 'y' } }), badData('ENOENT'))
  assert.equal(openFiles().length, 0)
})
