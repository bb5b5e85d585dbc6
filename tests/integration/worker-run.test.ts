// The worker's run in a real job directory, with a training that is made up: who may train, what is left behind.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Fence, History, WORKER_EXIT } from '@trotline/contracts'
import { newFence, takeFence } from '../../apps/worker/src/fence.ts'
import {
  completes,
  linesOf as epochs,
  makeHome,
  makeJob,
  reportOf,
  resultOf as result,
  runFile,
  SPEC,
  start,
} from './worker-in-process.ts'

const home = await makeHome()
const job = (...asked: [spec?: unknown, report?: unknown]): Promise<string> => makeJob(home, ...asked)

describe('a run', () => {
  test('leaves its epochs, its result, its fence and nothing readable for others', async () => {
    const directory = await job()
    const { code, stdout } = await start(directory)
    assert.equal(code, WORKER_EXIT.completed)
    assert.deepEqual(
      (await epochs(directory)).map(({ epoch }) => epoch),
      Array.from({ length: 20 }, (_, index) => index),
    )
    const { outcome, signal, failure, training, slurmJobId, node, reporting } = await result(directory)
    assert.deepEqual([outcome, signal, failure, slurmJobId, node], ['completed', null, null, '7', 'n1'])
    assert.equal(training?.epochs, 20)
    assert.equal(reporting.messages, 0)
    Fence.parse(JSON.parse(await readFile(runFile(directory, 'fence'), 'utf8')))
    assert.deepEqual((await readdir(join(directory, 'runs', '1-0'))).sort(), [
      'artifacts',
      'epochs.jsonl',
      'fence',
      'heartbeat',
      'result.json',
    ])
    for (const name of await readdir(join(directory, 'runs', '1-0')))
      assert.equal((await stat(runFile(directory, name))).mode & 0o077, 0, name)
    assert.match(stdout, /not wasm: not wanted/)
    assert.match(stdout, /epoch 20\/20 {2}loss 0.05/)
    assert.match(stdout, /completed after 20 epochs/)
  })

  test('a second process for the same run leaves at the fence, says who holds it, and writes nothing', async () => {
    const directory = await job()
    await mkdir(join(directory, 'runs', '1-0'), { recursive: true })
    assert.equal(
      await takeFence(
        join(directory, 'runs', '1-0'),
        newFence({ slurmJobId: '6', restart: 0, node: 'n9', slurmJobName: 'x' }),
      ),
      null,
    )
    const second = await start(directory)
    assert.equal(second.code, WORKER_EXIT.fenced)
    assert.match(second.stderr, /held by Slurm job 6 on n9/)
    assert.equal(second.trained, false)
    assert.deepEqual(await readdir(join(directory, 'runs', '1-0')), ['fence'])
  })

  test('of twenty processes at once exactly one gets the fence', async () => {
    const directory = await job()
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        takeFence(directory, newFence({ slurmJobId: String(index), restart: 0, node: 'n1', slurmJobName: 'x' })),
      ),
    )
    assert.equal(taken.filter(held => held === null).length, 1)
    assert.deepEqual((await readdir(directory)).sort(), ['fence', 'report.json', 'spec.json'])
  })

  test('an empty fence is somebody’s fence', async () => {
    const directory = await job()
    await mkdir(join(directory, 'runs', '1-0'), { recursive: true })
    await writeFile(runFile(directory, 'fence'), '')
    assert.equal((await start(directory)).code, WORKER_EXIT.fenced)
  })

  test('a cancelled job is not trained and no run of it begins', async () => {
    const directory = await job()
    await writeFile(join(directory, 'cancelled'), '')
    const { code, trained } = await start(directory)
    assert.equal(code, WORKER_EXIT.cancelled)
    assert.equal(trained, false)
    await assert.rejects(access(join(directory, 'runs')))
  })

  test('a job whose record has ended is not trained by a later requeue, whatever its runs left', async () => {
    const directory = await job()
    await writeFile(join(directory, 'ended'), 'TIMEOUT\n')
    const { code, trained } = await start(directory, { restart: 1 })
    assert.equal(code, WORKER_EXIT.fenced)
    assert.equal(trained, false)
  })

  for (const outcome of ['completed', 'failed'] as const)
    test(`a requeue by an outsider after the job ${outcome} leaves at the fence`, async () => {
      const directory = await job()
      await start(directory, {
        fit: async options =>
          outcome === 'completed'
            ? completes(options)
            : { kind: 'failed', failure: { reason: 'training', code: 'TRAIN_NAN_LOSS', detail: 'no' }, report: null },
      })
      const again = await start(directory, { restart: 1 })
      assert.equal(again.code, WORKER_EXIT.fenced)
      assert.match(again.stderr, new RegExp(`run 1-0 has ended the job already .*${outcome}`))
      assert.deepEqual(await readdir(join(directory, 'runs')), ['1-0'])
    })

  test('a requeue after a stop trains again in a folder of its own', async () => {
    const directory = await job()
    assert.equal(
      (await start(directory, { signal: AbortSignal.abort('SIGTERM'), fit: completes })).code,
      WORKER_EXIT.stopped,
    )
    assert.equal((await start(directory, { restart: 1 })).code, WORKER_EXIT.completed)
    assert.equal((await result(directory, '1-1')).run, '1-1')
  })

  test('a process that starts after a newer run of its job leaves', async () => {
    for (const newer of ['1-1', '2-0']) {
      const directory = await job()
      await mkdir(join(directory, 'runs', newer), { recursive: true })
      const { code, stderr } = await start(directory)
      assert.equal(code, WORKER_EXIT.fenced)
      assert.match(stderr, new RegExp(`run ${newer} is newer`))
    }
  })

  test('a process of a superseded submission leaves', async () => {
    const directory = await job({ ...SPEC, submission: 2 })
    const { code, stderr } = await start(directory)
    assert.equal(code, WORKER_EXIT.fenced)
    assert.match(stderr, /superseded/)
  })

  test('a specification that is missing, no JSON or of the wrong shape is named, field and all', async () => {
    const cases: [unknown, RegExp][] = [
      ['{"v":1,', /spec.json cannot be read/],
      [{ ...SPEC, gpus: -1 }, /gpus: /],
      [{ ...SPEC, surprise: 1 }, /surprise/],
    ]
    for (const [spec, message] of cases) {
      const { code, stderr } = await start(await job(spec))
      assert.equal(code, WORKER_EXIT.unusable)
      assert.match(stderr, message)
    }
    assert.equal((await start(join(home, 'nowhere'))).code, WORKER_EXIT.unusable)
  })

  test('without a usable report.json it trains, says so, and quotes nothing of it', async () => {
    const directory = await job(SPEC, '{"key": "top secret')
    const { code, stderr } = await start(directory)
    assert.equal(code, WORKER_EXIT.completed)
    assert.match(stderr, /report.json cannot be used/)
    assert.doesNotMatch(stderr, /secret/)
    assert.equal((await epochs(directory)).length, 20)
  })

  test('a training that fails leaves its last epoch, the reason and code 10', async () => {
    const directory = await job()
    const { code, stderr } = await start(directory, {
      fit: async ({ onBackend, onEpoch }) => {
        onBackend({ backend: 'cpu', engine: 'made up', skipped: [] })
        onEpoch({ epoch: 0, seconds: 0.1, values: { loss: Number.NaN, mae: Number.POSITIVE_INFINITY } })
        return {
          kind: 'failed',
          failure: { reason: 'training', code: 'TRAIN_NAN_LOSS', detail: 'the loss is NaN' },
          report: reportOf(1),
        }
      },
    })
    assert.equal(code, WORKER_EXIT.failed)
    assert.deepEqual((await epochs(directory))[0]?.nonFinite, { loss: 'nan', mae: '+inf' })
    assert.equal((await result(directory)).failure?.code, 'TRAIN_NAN_LOSS')
    assert.match(stderr, /TRAIN_NAN_LOSS: the loss is NaN/)
  })

  test('a completed training leaves its artifacts, named in the result, with the history of all its runs', async () => {
    const directory = await job()
    const stop = new AbortController()
    await start(directory, {
      signal: stop.signal,
      fit: async options =>
        completes({
          ...options,
          onEpoch(epoch) {
            options.onEpoch(epoch)
            if (epoch.epoch === 6) stop.abort('SIGTERM')
          },
        }),
    })
    assert.deepEqual((await result(directory)).training?.artifacts, [])
    await assert.rejects(access(runFile(directory, 'artifacts')))

    const model = Buffer.from('{"format":"layers-model"}')
    await start(directory, {
      restart: 1,
      fit: async options => {
        const outcome = await completes(options)
        return outcome.kind === 'completed'
          ? { ...outcome, artifacts: [{ name: 'model.json', bytes: model }] }
          : outcome
      },
    })
    const { artifacts } = (await result(directory, '1-1')).training ?? assert.fail('a report')
    assert.deepEqual(
      artifacts.map(({ path }) => path),
      ['model.json', 'history.json'],
    )
    for (const { path, bytes, sha256 } of artifacts) {
      const content = await readFile(join(runFile(directory, 'artifacts', '1-1'), path))
      assert.deepEqual([content.length, createHash('sha256').update(content).digest('hex')], [bytes, sha256])
      assert.equal((await stat(join(runFile(directory, 'artifacts', '1-1'), path))).mode & 0o077, 0)
    }
    const text = await readFile(join(runFile(directory, 'artifacts', '1-1'), 'history.json'), 'utf8')
    const history = History.parse(JSON.parse(text))
    assert.deepEqual(
      history.epochs.map(({ epoch, run }) => [epoch, run]),
      Array.from({ length: 20 }, (_, epoch) => [epoch, epoch < 7 ? '1-0' : '1-1']),
    )
  })

  test('artifacts that cannot be written make a failure of the training that says so', async () => {
    const directory = await job()
    const { code, stderr } = await start(directory, {
      fit: async options => {
        const outcome = await completes(options)
        await writeFile(runFile(directory, 'artifacts'), '')
        return outcome
      },
    })
    assert.equal(code, WORKER_EXIT.failed)
    assert.match(stderr, /ARTIFACTS_NOT_WRITTEN: The artifacts could not be written: EEXIST/)
    assert.equal((await result(directory)).failure?.reason, 'environment')
  })

  test('a stop leaves the epochs so far, the signal’s name and code 143', async () => {
    const directory = await job()
    const stop = new AbortController()
    const { code } = await start(directory, {
      signal: stop.signal,
      fit: async options =>
        completes({
          ...options,
          onEpoch(epoch) {
            options.onEpoch(epoch)
            if (epoch.epoch === 4) stop.abort('SIGTERM')
          },
        }),
    })
    assert.equal(code, WORKER_EXIT.stopped)
    const { outcome, signal } = await result(directory)
    assert.deepEqual([outcome, signal], ['stopped', 'SIGTERM'])
    assert.equal((await epochs(directory)).length, 5)
  })

  test('a bug in the training is thrown, with the epochs so far in the file and no result', async () => {
    const directory = await job()
    const bug = start(directory, {
      fit: async ({ onEpoch }) => {
        onEpoch({ epoch: 0, seconds: 0.1, values: { loss: 1 } })
        throw new TypeError('a bug')
      },
    })
    await assert.rejects(bug, /a bug/)
    await assert.rejects(access(runFile(directory, 'result.json')))
    assert.equal((await epochs(directory)).length, 1)
  })
})
