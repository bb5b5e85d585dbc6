// The two generations of a run's checkpoint: when they are written, in which order, and what a failure leaves.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createCheckpointFile, textOf } from '../../../apps/worker/src/checkpoint-file.ts'
import { replaceKeepingPrevious } from '../../../apps/worker/src/durable-file.ts'
import { eventually } from '../../support/eventually.ts'

const home = await mkdtemp(join(tmpdir(), 'trotline-checkpoint-'))
after(() => rm(home, { recursive: true, force: true }))
let count = 0

async function setUp({ everySeconds = 3600, from = { epochs: 0, batches: 0 } } = {}) {
  const folder = join(home, String(count++))
  await mkdir(folder)
  const training = { epochs: 0, batches: 0, broken: false, taken: 0, syncs: [] as string[] }
  const said: string[] = []
  const file = createCheckpointFile({
    path: join(folder, 'checkpoint'),
    previousPath: join(folder, 'checkpoint.previous'),
    everySeconds,
    from,
    take() {
      training.taken++
      if (training.broken) throw new RangeError('it is too long')
      const { epochs, batches } = training
      return epochs === 0 && batches === 0 ? null : { epochs, batches, bytes: Buffer.from(`${epochs}+${batches}`) }
    },
    async syncEpochs() {
      training.syncs.push(await readFile(join(folder, 'checkpoint'), 'utf8').catch(() => ''))
    },
    say: line => void said.push(line),
  })
  const textIn = (name: string): Promise<string> => readFile(join(folder, name), 'utf8').catch(() => '')
  const both = async (): Promise<string[]> => [await textIn('checkpoint'), await textIn('checkpoint.previous')]
  return { file, folder, training, said, both }
}

test('each write makes the last one the one before', async () => {
  const { file, folder, training, both } = await setUp()
  const seen: string[][] = []
  for (const [epochs, batches] of [
    [0, 5],
    [1, 0],
    [1, 3],
  ] as const) {
    Object.assign(training, { epochs, batches })
    await file.write()
    seen.push(await both())
  }
  assert.deepEqual(seen, [
    ['0+5', ''],
    ['1+0', '0+5'],
    ['1+3', '1+0'],
  ])
  // The epochs were put on disk before each of them.
  assert.deepEqual(training.syncs, ['', '0+5', '1+0'])
  assert.deepEqual((await readdir(folder)).sort(), ['checkpoint', 'checkpoint.previous'])
  const { epochs, batches, bytes } = file.note() ?? assert.fail('a note')
  assert.deepEqual([epochs, batches, bytes], [1, 3, 3])
  assert.equal((await stat(join(folder, 'checkpoint'))).mode & 0o077, 0)
  file.stop()
})

test('what is no further than what is on disk, or than what it went on from, is not written', async () => {
  const { file, training, both } = await setUp({ from: { epochs: 2, batches: 7 } })
  for (const [epochs, batches, expected] of [
    [2, 6, ''],
    [2, 7, ''],
    [2, 8, '2+8'],
    [2, 8, '2+8'],
    [1, 9, '2+8'],
    [3, 0, '3+0'],
  ] as const) {
    Object.assign(training, { epochs, batches })
    await file.write()
    assert.equal((await both())[0], expected)
  }
  file.stop()
})

test('it writes of its own accord as often as it is told, and no more once it is stopped', async () => {
  const { file, training, both } = await setUp({ everySeconds: 0.02 })
  training.batches = 1
  await eventually('the first is written', async () => (await both())[0] === '0+1')
  training.batches = 2
  await eventually('the second is written', async () => (await both()).join() === '0+2,0+1')
  file.stop()
  await file.settled()
  const { taken } = training
  await new Promise(resolve => setTimeout(resolve, 100))
  assert.equal(training.taken, taken)
})

test('what is owed is written with the first batch, though nothing was there when it was asked for', async () => {
  const { file, training, both } = await setUp()
  file.writeSoon()
  await file.settled()
  assert.equal((await both())[0], '')
  training.batches = 1
  await eventually('it is written', async () => (await both())[0] === '0+1')
  // Once: nothing is owed any more.
  training.batches = 2
  await new Promise(resolve => setTimeout(resolve, 250))
  assert.equal((await both())[0], '0+1')
  file.stop()
})

test('one that cannot be written is said once, and is written again when it can be', async () => {
  const { file, folder, training, said, both } = await setUp()
  await mkdir(join(folder, 'checkpoint'))
  for (training.batches of [1, 2]) await file.write()
  assert.equal(said.length, 1)
  assert.match(said[0] ?? '', /^no checkpoint could be written after 0 epochs and 1 batch \(.*\); training goes on$/)
  assert.equal(file.note(), null)
  assert.deepEqual(await readdir(folder), ['checkpoint'])
  await rm(join(folder, 'checkpoint'), { recursive: true })
  await file.write()
  assert.deepEqual(await both(), ['0+2', ''])
  assert.match(said[1] ?? '', /^a checkpoint could be written again, after 0 epochs and 2 batches$/)
  file.stop()
})

test('at no moment is there no whole checkpoint', async () => {
  const folder = join(home, 'moments')
  await mkdir(folder)
  const [path, previous] = [join(folder, 'checkpoint'), join(folder, 'checkpoint.previous')]
  const content = (generation: number) => `${generation}`.repeat(10_000)
  await replaceKeepingPrevious(path, previous, content(0))
  let over = false
  let looks = 0
  const watching = (async () => {
    while (!over) {
      const text = await readFile(path, 'utf8')
      assert.equal(text, content(Number(text[0])))
      looks++
    }
  })()
  for (let generation = 1; generation < 9; generation++) {
    await replaceKeepingPrevious(path, previous, content(generation))
    assert.equal(await readFile(previous, 'utf8'), content(generation - 1))
  }
  over = true
  await watching
  assert.ok(looks > 8)
})

test('what is trained is said as a person says it', () => {
  assert.deepEqual(
    [
      [1, 0],
      [2, 1],
      [0, 2],
    ].map(([epochs = 0, batches = 0]) => textOf({ epochs, batches })),
    ['1 epoch', '2 epochs and 1 batch', '0 epochs and 2 batches'],
  )
})

test('a state that cannot be put into bytes is said once, and the training and the next checkpoint go on', async () => {
  const { file, training, said, both } = await setUp()
  Object.assign(training, { epochs: 1, batches: 0, broken: true })
  await file.write()
  await file.write()
  assert.deepEqual(said, ['no checkpoint could be written (it is too long); training goes on'])
  Object.assign(training, { broken: false })
  await file.write()
  assert.deepEqual(await both(), ['1+0', ''])
})
