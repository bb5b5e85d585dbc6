// Fifty processes killed at random batches, for every optimizer: whatever the last of them comes to is what one that nobody touched
// comes to, bit by bit. Dropout, a schedule and early stopping are in it, because each has a state of its own.
import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WORKER_EXIT } from '@trotline/contracts'
import { buildRelease } from '../../deploy/release/release.ts'
import { RandomState } from '../../packages/trainer/src/random/random-state.ts'
import {
  comparable,
  linesOf,
  makeJob,
  nextRun,
  type Place,
  resultOf,
  start,
  type TestJob,
  textOf,
  until,
} from './worker-process.ts'

const OPTIMIZERS = ['sgd', 'momentum', 'nesterov', 'rmsprop', 'adagrad', 'adam', 'adamw']
/** Seven times seven, and one more for the last. */
const KILLS = 7

const training = (optimizer: string) => ({
  kind: 'model',
  data: { format: 'auto-mpg' },
  split: {},
  validationSplit: 0.2,
  model: {
    layers: [
      { kind: 'dense', units: 16, activation: 'relu' },
      { kind: 'dropout', rate: 0.1 },
      { kind: 'dense', units: 1 },
    ],
  },
  optimizer: {
    kind: optimizer,
    learningRate: { kind: 'exponentialDecay', initialLearningRate: 0.001, decaySteps: 10_000, decayRate: 0.5 },
  },
  loss: 'huber',
  metrics: ['mae'],
  epochs: 12_000,
  earlyStopping: { monitor: 'val_loss', patience: 9_000, restoreBestWeights: true },
})

describe('workers killed at random', () => {
  let place: Place
  before(async () => {
    const home = await mkdtemp(join(tmpdir(), 'trotline-kills-'))
    const release = await buildRelease(fileURLToPath(new URL('../..', import.meta.url)), join(home, 'releases'), {
      tensorLibrary: false,
    })
    place = { home, release }
  })
  after(() => rm(place.home, { recursive: true, force: true }))

  const jobOf = (optimizer: string): Promise<TestJob> =>
    makeJob(place, training(optimizer) as unknown as Parameters<typeof makeJob>[1], { checkpointEverySeconds: 1 })
  const writtenAt = ({ run }: TestJob): Promise<number> =>
    stat(join(run, 'checkpoint')).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    )
  const outcomeOf = async (job: TestJob) => comparable(await resultOf(job))

  let killed = 0
  for (const [number, optimizer] of OPTIMIZERS.entries())
    test(`${optimizer}: USR2 and KILL, or KILL alone, at random moments of its batches change no bit`, async t => {
      const random = new RandomState(number)
      const pause = (mostMs: number): Promise<unknown> => sleep(random.interval(mostMs))
      const whole = await jobOf(optimizer)
      assert.equal((await (await start(t, place, whole)).ended).code, WORKER_EXIT.completed)
      const values = (await linesOf(whole)).map(line => line.values)

      let job = await jobOf(optimizer)
      let within = 0
      for (let attempt = 0; ; attempt++) {
        job = await nextRun(job, `1-${attempt}`)
        const { child, ended } = await start(t, place, job)
        const kills = attempt < KILLS + (number === 0 ? 1 : 0)
        if (kills) {
          await until('a backend', child, async () => /backend simd/.test(await textOf(join(job.run, 'stdout'))))
          await pause(60)
          if (attempt % 3 !== 2) {
            child.kill('SIGUSR2')
            await until('a checkpoint', child, async () => (await writtenAt(job)) > 0)
            await pause(40)
          }
          child.kill('SIGKILL')
        }
        const { code, signal } = await ended
        const began = Number(/resumed from .*: ([0-9]+) epochs?/.exec(await textOf(join(job.run, 'stdout')))?.[1] ?? 0)
        if (/and [0-9]+ batch(es)? are trained already/.test(await textOf(join(job.run, 'stdout')))) within++
        for (const [i, line] of (await linesOf(job)).entries()) {
          assert.equal(line.epoch, began + i)
          assert.deepEqual(line.values, values[line.epoch])
        }
        if (code === WORKER_EXIT.completed) break
        assert.equal(signal, 'SIGKILL')
        killed++
      }
      t.diagnostic(`${within} of its runs went on from within an epoch`)
      assert.deepEqual(await outcomeOf(job), await outcomeOf(whole))
    })

  test('that were some fifty', t => {
    t.diagnostic(`${killed} kills`)
    // Where a disk makes a checkpoint wait for seconds, a training is over before it is killed: one of the seven may have been.
    assert.ok(killed >= 42 && killed <= 50, `${killed} kills`)
  })
})
