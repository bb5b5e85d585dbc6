// What a run takes over from older ones, when it writes its own checkpoint, and what it obeys while it trains.
// The training is made up; tests/integration/worker-resume.test.ts has the real one.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { access, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type RunId, WORKER_EXIT } from '@trotline/contracts'
import { decodeCheckpoint } from '@trotline/trainer'
import { eventually } from '../support/eventually.ts'
import {
  checkpointOf,
  completes,
  linesOf,
  makeHome,
  makeJob,
  resultOf,
  runFile,
  SPEC,
  start,
} from './worker-in-process.ts'

const home = await makeHome()
const { training } = SPEC
const epochsOf = async (directory: string, of?: string) => (await linesOf(directory, of)).map(({ epoch }) => epoch)
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
const checkpointEpochs = async (directory: string, of: string, name = 'checkpoint'): Promise<number> => {
  const decoded = decodeCheckpoint(await readFile(runFile(directory, name, of)))
  assert.ok(!('refused' in decoded))
  return decoded.epochs
}

/** What an older run left: its lines of epochs [from, to), and a checkpoint after `epochs` of them. */
async function left(directory: string, run: RunId, [from, to]: [number, number], epochs: number): Promise<void> {
  await mkdir(join(directory, 'runs', run), { recursive: true })
  const lines = range(from, to).map(epoch => ({
    epoch,
    at: '2026-01-02T03:04:05.678Z',
    seconds: 1,
    values: { loss: 1 },
  }))
  await writeFile(runFile(directory, 'epochs.jsonl', run), lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  await writeFile(runFile(directory, 'checkpoint', run), checkpointOf(training, epochs))
}

function keepBusy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Trains until it is told to stop. */
const untilStopped: typeof completes = options => {
  const giveUpAtMs = performance.now() + 120_000
  return completes({
    ...options,
    training: { ...options.training, epochs: 100_000 },
    onEpoch(epoch) {
      options.onEpoch(epoch)
      keepBusy(10)
      assert.ok(performance.now() < giveUpAtMs, 'it was told to stop')
    },
  })
}

/** Stops, or does something else, after an epoch. Whatever it is has to be done when it returns: the training does not wait. */
const after =
  (epochs: number, what: () => unknown): typeof completes =>
  options =>
    completes({
      ...options,
      onEpoch(epoch) {
        options.onEpoch(epoch)
        if (epoch.epoch + 1 === epochs) what()
      },
    })

test('a stop leaves a checkpoint, and the next run goes on from it with its first epoch', async () => {
  const directory = await makeJob(home)
  const stop = new AbortController()
  const first = await start(directory, { signal: stop.signal, fit: after(5, () => stop.abort('SIGTERM')) })
  assert.equal(first.code, WORKER_EXIT.stopped)
  const { stoppedBy, signal, checkpoint } = await resultOf(directory)
  assert.deepEqual([stoppedBy, signal, checkpoint?.epochs], ['signal', 'SIGTERM', 5])
  assert.equal(checkpoint?.bytes, (await stat(runFile(directory, 'checkpoint'))).size)
  assert.ok((checkpoint?.seconds ?? 0) > 0)
  assert.equal((await stat(runFile(directory, 'checkpoint'))).mode & 0o077, 0)

  const before = await readdir(join(directory, 'runs', '1-0'))
  const second = await start(directory, { restart: 1 })
  assert.equal(second.code, WORKER_EXIT.completed)
  assert.match(second.stdout, /resumed from the checkpoint of run 1-0: 5 epochs are trained already/)
  assert.deepEqual(await epochsOf(directory), range(0, 5))
  assert.deepEqual(await epochsOf(directory, '1-1'), range(5, 20))
  const result = await resultOf(directory, '1-1')
  assert.deepEqual([result.resumed, result.training?.epochs], [{ run: '1-0', epochs: 5, batches: 0 }, 20])
  assert.deepEqual([result.stoppedBy, result.checkpoint], [null, null])
  assert.deepEqual(await readdir(join(directory, 'runs', '1-0')), before)
})

test('a training that its environment ended leaves its last good state, and says what ended it', async () => {
  const directory = await makeJob(home)
  const detail =
    '/data/x.npy: cannot be read (EIO: i/o error, read): the storage of this node is at fault, not the training.'
  const { code, stderr } = await start(directory, {
    fit: async options => {
      const stop = new AbortController()
      const trained = await completes({
        ...options,
        signal: stop.signal,
        onEpoch(epoch) {
          options.onEpoch(epoch)
          if (epoch.epoch + 1 === 7) stop.abort()
        },
      })
      const failure = { reason: 'environment', code: 'TRAIN_DATA_UNREADABLE', detail } as const
      return { kind: 'failed', failure, report: trained.report }
    },
  })
  assert.equal(code, WORKER_EXIT.failed)
  assert.match(stderr, /TRAIN_DATA_UNREADABLE: .*EIO/)
  const { failure, checkpoint } = await resultOf(directory)
  assert.deepEqual([failure?.reason, checkpoint?.epochs], ['environment', 7])
  assert.equal(await checkpointEpochs(directory, '1-0'), 7)
})

test('a training that fails for its own reasons leaves no checkpoint more than it had', async () => {
  const directory = await makeJob(home)
  const failure = { reason: 'training', code: 'TRAIN_BAD_DATA', detail: 'a row is missing' } as const
  await start(directory, {
    fit: async options => {
      await completes(options)
      return { kind: 'failed', failure, report: null }
    },
  })
  assert.equal((await resultOf(directory)).checkpoint, null)
  await assert.rejects(access(runFile(directory, 'checkpoint')))
})

test('a run that is stopped while its data is opened ends as a stop, and the next one goes on from the checkpoint that there was', async () => {
  const directory = await makeJob(home)
  await left(directory, '1-0', [0, 5], 5)
  const stop = new AbortController()
  const { code, stderr } = await start(directory, {
    restart: 1,
    signal: stop.signal,
    fit: async () => {
      stop.abort('SIGTERM')
      return { kind: 'stopped', report: null }
    },
  })
  assert.equal(code, WORKER_EXIT.stopped)
  assert.match(stderr, /stopped: SIGTERM/)
  const result = await resultOf(directory, '1-1')
  assert.deepEqual(
    [result.outcome, result.stoppedBy, result.signal, result.training, result.checkpoint, result.failure],
    ['stopped', 'signal', 'SIGTERM', null, null, null],
  )
  const next = await start(directory, { restart: 2 })
  assert.equal(next.code, WORKER_EXIT.completed)
  assert.match(next.stdout, /resumed from the checkpoint of run 1-0: 5 epochs are trained already/)
})

test('a new submission goes on from an older submission’s run', async () => {
  const directory = await makeJob(home, { ...SPEC, submission: 2 })
  await left(directory, '1-3', [0, 8], 7)
  assert.equal((await start(directory, { submission: 2 })).code, WORKER_EXIT.completed)
  assert.deepEqual((await resultOf(directory, '2-0')).resumed, { run: '1-3', epochs: 7, batches: 0 })
  assert.deepEqual(await epochsOf(directory, '2-0'), range(7, 20))
})

test('the checkpoint with the most epochs wins, and of equals the newest run’s', async () => {
  const directory = await makeJob(home, { ...SPEC, submission: 3 })
  await left(directory, '1-0', [0, 9], 9)
  await left(directory, '1-1', [0, 9], 9)
  await left(directory, '2-0', [9, 9], 4)
  await start(directory, { submission: 3 })
  assert.deepEqual((await resultOf(directory, '3-0')).resumed, { run: '1-1', epochs: 9, batches: 0 })
})

test('a survivor that came further than the run which replaced it is not gone on from: its epochs are superseded', async () => {
  const directory = await makeJob(home)
  await left(directory, '1-0', [0, 12], 12)
  await left(directory, '1-1', [0, 5], 3)
  const { stderr } = await start(directory, { restart: 2 })
  assert.match(stderr, /the checkpoint of run 1-0 counts 12 epochs, and epoch 6 is in no epochs.jsonl; it is not used/)
  assert.deepEqual((await resultOf(directory, '1-2')).resumed, { run: '1-1', epochs: 3, batches: 0 })
  assert.deepEqual(await epochsOf(directory, '1-2'), range(3, 20))
})

test('damaged checkpoints and those with a gap behind them are said and left out', async () => {
  const directory = await makeJob(home, { ...SPEC, submission: 4 })
  await left(directory, '1-0', [0, 3], 3)
  await left(directory, '1-1', [3, 6], 6)
  await left(directory, '2-0', [6, 10], 10)
  await left(directory, '3-0', [10, 15], 15)
  const bytes = await readFile(runFile(directory, 'checkpoint', '3-0'))
  bytes[bytes.length - 40] = (bytes[bytes.length - 40] as number) ^ 1
  await writeFile(runFile(directory, 'checkpoint', '3-0'), bytes)
  await rm(runFile(directory, 'epochs.jsonl', '1-1'))
  const { code, stderr } = await start(directory, { submission: 4 })
  assert.equal(code, WORKER_EXIT.completed)
  assert.match(stderr, /the checkpoint of run 3-0 is damaged.*; it is not used/)
  assert.match(stderr, /the checkpoint of run 2-0 counts 10 epochs, and epoch 4 is in no epochs.jsonl; it is not used/)
  assert.match(stderr, /the checkpoint of run 1-1 counts 6 epochs/)
  assert.deepEqual((await resultOf(directory, '4-0')).resumed, { run: '1-0', epochs: 3, batches: 0 })
})

test('a line that was cut short is no epoch', async () => {
  const directory = await makeJob(home)
  await left(directory, '1-0', [0, 5], 5)
  const lines = await readFile(runFile(directory, 'epochs.jsonl'))
  await writeFile(runFile(directory, 'epochs.jsonl'), lines.subarray(0, -1))
  const { stdout, stderr } = await start(directory, { restart: 1 })
  assert.match(stderr, /epoch 5 is in no epochs.jsonl/)
  assert.match(stdout, /beginning with the first epoch/)
  assert.deepEqual(await epochsOf(directory, '1-1'), range(0, 20))
})

test('a torn checkpoint is said, and the run goes on from the one before it', async () => {
  const directory = await makeJob(home)
  await left(directory, '1-0', [0, 9], 9)
  await writeFile(runFile(directory, 'checkpoint.previous'), checkpointOf(training, 6, 3))
  const bytes = await readFile(runFile(directory, 'checkpoint'))
  await writeFile(runFile(directory, 'checkpoint'), bytes.subarray(0, bytes.length - 100))
  const { stdout, stderr } = await start(directory, { restart: 1 })
  assert.match(stderr, /the checkpoint of run 1-0 is damaged.*; it is not used/)
  assert.match(
    stdout,
    /resumed from the checkpoint before the last of run 1-0: 6 epochs and 3 batches are trained already/,
  )
  assert.deepEqual((await resultOf(directory, '1-1')).resumed, { run: '1-0', epochs: 6, batches: 3 })
  assert.deepEqual(await epochsOf(directory, '1-1'), range(6, 20))
})

test('of as many epochs the checkpoint with more batches wins, whichever run it is of', async () => {
  const directory = await makeJob(home)
  await left(directory, '1-0', [0, 9], 9)
  await writeFile(runFile(directory, 'checkpoint'), checkpointOf(training, 9, 5))
  await left(directory, '1-1', [9, 9], 9)
  await start(directory, { restart: 2 })
  assert.deepEqual((await resultOf(directory, '1-2')).resumed, { run: '1-0', epochs: 9, batches: 5 })
})

test('a checkpoint from within the first epoch counts no epoch, and is gone on from', async () => {
  const directory = await makeJob(home)
  await left(directory, '1-0', [0, 0], 0)
  await writeFile(runFile(directory, 'checkpoint'), checkpointOf(training, 0, 4))
  const { stdout } = await start(directory, { restart: 1 })
  assert.match(stdout, /0 epochs and 4 batches are trained already/)
  assert.deepEqual((await resultOf(directory, '1-1')).resumed, { run: '1-0', epochs: 0, batches: 4 })
})

test('the checkpoint before the last is kept, and both are whole', async () => {
  const directory = await makeJob(home)
  let warn = (): void => undefined
  const generations = new Map<number, number>()
  await start(directory, {
    onWarning: listener => {
      warn = listener
    },
    fit: options =>
      completes({
        ...options,
        onEpoch(epoch) {
          options.onEpoch(epoch)
          keepBusy(5)
          if (epoch.epoch % 5 === 4) warn()
          // The older one first: by the time that the other is read, both may be newer.
          void checkpointEpochs(directory, '1-0', 'checkpoint.previous')
            .then(async previous => generations.set(await checkpointEpochs(directory, '1-0'), previous))
            .catch(() => undefined)
        },
      }),
  })
  const [last, previous] = await Promise.all([
    checkpointEpochs(directory, '1-0'),
    checkpointEpochs(directory, '1-0', 'checkpoint.previous'),
  ])
  assert.ok(last > previous && previous >= 5, `${last} and ${previous}`)
  for (const [newer, older] of generations) assert.ok(newer >= older, `${newer} and ${older}`)
  assert.deepEqual(
    (await readdir(join(directory, 'runs', '1-0'))).filter(name => name.endsWith('.new')),
    [],
  )
})

test('a warning that comes before the trainer is loaded brings a checkpoint once there is something to keep', async () => {
  const directory = await makeJob(home)
  let asked = 0
  await start(directory, {
    // As listenForSignals does it where USR2 came before anybody listened.
    onWarning: listener => {
      asked++
      listener()
    },
    fit: options =>
      completes({
        ...options,
        onEpoch(epoch) {
          options.onEpoch(epoch)
          keepBusy(20)
        },
      }),
  })
  assert.equal(asked, 1)
  const note = (await resultOf(directory)).checkpoint
  assert.ok(note && note.epochs > 0, JSON.stringify(note))
  assert.equal(await checkpointEpochs(directory, '1-0'), note.epochs)
})

test('a run never goes on from its own folder, nor from a newer run’s', async () => {
  const directory = await makeJob(home)
  await left(directory, '1-0', [0, 5], 5)
  await start(directory)
  assert.equal((await resultOf(directory)).resumed, null)
})

test('checkpoints that the trainer refuses are said by the name of their run', async () => {
  const directory = await makeJob(home)
  await left(directory, '1-0', [0, 5], 5)
  const { stderr, stdout } = await start(directory, {
    restart: 1,
    fit: options =>
      completes({
        ...options,
        resume: [],
        onStart: started =>
          options.onStart({
            ...started,
            refused: options.resume.map(checkpoint => ({ checkpoint, why: 'belongs to another training request' })),
          }),
      }),
  })
  assert.match(stderr, /the checkpoint of run 1-0 belongs to another training request; it is not used/)
  assert.match(stdout, /beginning with the first epoch/)
})

test('a checkpoint that counts all epochs is completed without another one', async () => {
  const directory = await makeJob(home)
  await left(directory, '1-0', [0, 20], 20)
  assert.equal((await start(directory, { restart: 1 })).code, WORKER_EXIT.completed)
  assert.deepEqual(await epochsOf(directory, '1-1'), [])
  assert.equal((await resultOf(directory, '1-1')).training?.epochs, 20)
})

test('a checkpoint is written as often as the spec says, never before the lines of its epochs', async () => {
  const directory = await makeJob(home, { ...SPEC, checkpointEverySeconds: 1 })
  const stop = new AbortController()
  const seen = new Map<number, { lines: number }>()
  const watch = async (): Promise<void> => {
    await eventually('two checkpoints are written', async () => {
      const epochs = await checkpointEpochs(directory, '1-0').catch(() => 0)
      if (epochs === 0 || seen.has(epochs)) return false
      seen.set(epochs, { lines: (await epochsOf(directory)).length })
      return seen.size === 2
    })
  }
  const beganMs = performance.now()
  const [, secondMs] = await Promise.all([
    start(directory, { signal: stop.signal, fit: untilStopped }),
    watch()
      .then(() => performance.now())
      .finally(() => stop.abort('SIGTERM')),
  ])
  // They were counted after it: there may be more by then, never fewer.
  for (const [epochs, { lines }] of seen) assert.ok(lines >= epochs, `${lines} lines under a checkpoint of ${epochs}`)
  assert.ok(secondMs - beganMs >= 2_000, `the second was written after ${secondMs - beganMs} ms`)
  assert.equal((await resultOf(directory)).checkpoint?.epochs, await checkpointEpochs(directory, '1-0'))
})

test('USR2 brings a checkpoint at once', async () => {
  const directory = await makeJob(home)
  let warn = (): void => undefined
  const { stderr } = await start(directory, {
    onWarning: listener => {
      warn = listener
    },
    fit: after(7, () => warn()),
  })
  assert.match(stderr, /SIGUSR2: the time limit is near; 7 epochs are on disk/)
  assert.ok([7, 8].includes(await checkpointEpochs(directory, '1-0')))
  assert.deepEqual(await epochsOf(directory), range(0, 20))
})

test('a checkpoint that cannot be written is said once, and the training goes on', async () => {
  const directory = await makeJob(home)
  let warn = (): void => undefined
  const { code, err } = await start(directory, {
    onWarning: listener => {
      warn = listener
    },
    // A folder of the file's name: rename(2) answers EISDIR.
    fit: after(3, () => {
      mkdirSync(runFile(directory, 'checkpoint'))
      warn()
      warn()
    }),
  })
  assert.equal(code, WORKER_EXIT.completed)
  assert.equal(err.filter(line => /no checkpoint could be written/.test(line)).length, 1)
  assert.equal((await resultOf(directory)).checkpoint, null)
  assert.deepEqual(
    (await readdir(join(directory, 'runs', '1-0'))).filter(name => name.endsWith('.new')),
    [],
  )
})

const marks: [string, (directory: string) => Promise<unknown>, number, string, RegExp][] = [
  [
    'a cancel mark',
    directory => writeFile(join(directory, 'cancelled'), ''),
    WORKER_EXIT.cancelled,
    'cancelled',
    /the job is cancelled/,
  ],
  [
    'the fence of a newer run',
    async directory => {
      await mkdir(join(directory, 'runs', '2-0'), { recursive: true })
      await writeFile(runFile(directory, 'fence', '2-0'), '')
    },
    WORKER_EXIT.fenced,
    'superseded',
    /run 2-0 is newer/,
  ],
  [
    'the result of a run that completed the job',
    async directory => {
      await mkdir(join(directory, 'runs', '1-1'), { recursive: true })
      await writeFile(runFile(directory, 'result.json', '1-1'), '{"outcome":"completed"}')
    },
    WORKER_EXIT.fenced,
    'superseded',
    /run 1-1 has ended the job/,
  ],
]
for (const [what, mark, code, stoppedBy, words] of marks)
  test(`${what} ends a training under way, with a checkpoint and a result that says why`, async () => {
    const directory = await makeJob(home)
    const ended = await start(directory, {
      fit: options => {
        setTimeout(() => void mark(directory), 50)
        return untilStopped(options)
      },
    })
    assert.equal(ended.code, code)
    assert.match(ended.stderr, words)
    const result = await resultOf(directory)
    assert.deepEqual([result.outcome, result.stoppedBy, result.signal], ['stopped', stoppedBy, null])
    assert.ok((result.checkpoint?.epochs ?? 0) > 0)
  })

test('a newer run that only has a folder stops nobody, and neither does one that was stopped', async () => {
  const directory = await makeJob(home)
  const { code } = await start(directory, {
    fit: options =>
      after(2, () => {
        mkdirSync(join(directory, 'runs', '2-0'), { recursive: true })
        mkdirSync(join(directory, 'runs', '1-1'), { recursive: true })
        writeFileSync(runFile(directory, 'result.json', '1-1'), '{"outcome":"stopped"}')
      })({
        ...options,
        onEpoch(epoch) {
          options.onEpoch(epoch)
          keepBusy(10)
        },
      }),
  })
  assert.equal(code, WORKER_EXIT.completed)
})

test('a run that was superseded during its last epoch does not end the job', async () => {
  const directory = await makeJob(home)
  const ended = await start(directory, {
    fit: async options => {
      const outcome = await completes(options)
      await mkdir(join(directory, 'runs', '1-1'), { recursive: true })
      await writeFile(runFile(directory, 'fence', '1-1'), '')
      return outcome
    },
  })
  assert.equal(ended.code, WORKER_EXIT.fenced)
  const { outcome, stoppedBy, training: report } = await resultOf(directory)
  assert.deepEqual([outcome, stoppedBy, report?.epochs], ['stopped', 'superseded', 20])
  assert.equal(await checkpointEpochs(directory, '1-0'), 20)
})

test('a cancel that comes after the last epoch comes too late', async () => {
  const directory = await makeJob(home)
  const ended = await start(directory, {
    fit: async options => {
      const outcome = await completes(options)
      await writeFile(join(directory, 'cancelled'), '')
      return outcome
    },
  })
  assert.equal(ended.code, WORKER_EXIT.completed)
})

test('marks that cannot be read stop nobody, and are said once', async () => {
  const directory = await makeJob(home)
  const { code, err } = await start(directory, {
    // A file where a run's folder should be: ENOTDIR is no answer to whether it has a fence.
    fit: options =>
      after(2, () => writeFileSync(join(directory, 'runs', '2-0'), ''))({
        ...options,
        onEpoch(epoch) {
          options.onEpoch(epoch)
          keepBusy(10)
        },
      }),
  })
  assert.equal(code, WORKER_EXIT.completed)
  assert.equal(err.filter(line => /cannot be asked .*ENOTDIR.*; it goes on/.test(line)).length, 1)
})

test('a run that cannot ask whether it may train does not train', async () => {
  const directory = await makeJob(home)
  await mkdir(join(directory, 'runs'))
  await writeFile(join(directory, 'runs', '0-0'), '')
  await writeFile(join(directory, 'runs', '1-1'), '')
  await rm(join(directory, 'runs', '1-1'))
  await writeFile(join(directory, 'runs', '1-0'), '')
  const { code, stderr, trained } = await start(directory)
  assert.deepEqual([code, trained], [WORKER_EXIT.unusable, false])
  assert.match(stderr, /whether this run may train cannot be asked: ENOTDIR/)
})

test('a job directory that is deleted under a training ends it with a code of its own, and nothing is made in its place', async () => {
  const directory = await makeJob(home)
  const ended = await start(directory, {
    fit: async options => {
      const outcome = await completes(options)
      await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 5 })
      return outcome
    },
  })
  assert.equal(ended.code, WORKER_EXIT.unwritable)
  assert.match(ended.stderr, /result.json could not be written: ENOENT.*The run failed/)
  await assert.rejects(access(directory))
})
