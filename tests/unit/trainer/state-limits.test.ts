// What is too large: refused before the first batch, never found out when it is written or read again. And what is restored from is let go.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Checkpoint, decodeCheckpoint } from '../../../packages/trainer/src/checkpoint.ts'
import { TrainerError } from '../../../packages/trainer/src/errors.ts'
import { fit } from '../../../packages/trainer/src/fit.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'
import { compile } from '../../../packages/trainer/src/training/compile.ts'
import { createModelTraining } from '../../../packages/trainer/src/training/model-training.ts'
import { makeAssets } from './assets.ts'
import { parts, surface } from './made-up-data.ts'
import { tinyNet } from './tiny-net.ts'
import { requestOf } from './tiny-training.ts'
import { type Request, train, trainingOf } from './training.ts'

/** Pages of zeros that nobody writes to take no memory. */
const HALF_GIB_NUMBERS = 2 ** 29

test('a training whose state no checkpoint could hold is refused before it begins, with the figures', () => {
  const training = requestOf({})
  const data = parts(surface(20, 1))
  const random = new RandomState(0)
  const made = (more: Record<string, Float32Array>) => {
    const net = tinyNet({ inputs: 2, hidden: 5, outputs: 1, random })
    const compiled = compile(training, { outputs: 1, activation: 'linear' }, data.train)
    const large = { ...net, moments: { ...net.moments, ...more } }
    return createModelTraining({ training, data, net: large, compiled, random, dispose: () => net.dispose() })
  }
  made({ m: new Float32Array(HALF_GIB_NUMBERS) }).dispose()
  const [m, v] = [new Float32Array(HALF_GIB_NUMBERS), new Float32Array(HALF_GIB_NUMBERS)]
  assert.throws(
    () => made({ m, v }),
    (error: TrainerError) =>
      error instanceof TrainerError &&
      error.code === 'TRAIN_TOO_LARGE' &&
      /^The training has 4\.0 GiB to keep in a checkpoint .* and a checkpoint holds 4\.0 GiB/.test(error.message),
  )
})

const REQUESTS: readonly Request[] = [
  { preset: 'linear-regression', epochs: 40_000 },
  { preset: 'auto-mpg', backend: 'simd', epochs: 40 },
]

for (const request of REQUESTS)
  test(`${request.preset}: the checkpoint that it goes on from is not held while it trains`, async () => {
    const directory = await makeAssets()
    const stop = new AbortController()
    const { start } = await train(directory, request, { signal: stop.signal, onEpoch: () => stop.abort() })
    const bytes = start?.checkpoint()?.bytes ?? assert.fail('a checkpoint')
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    // In a function of its own, so that nothing of the test holds them.
    const left = ((): { resume: Checkpoint[]; held: WeakRef<Checkpoint>[] } => {
      const resume = [1, 2].map(() => decodeCheckpoint(bytes) as Checkpoint)
      return { resume, held: resume.map(checkpoint => new WeakRef(checkpoint)) }
    })()
    let resumed = false
    let held: number | null = null
    const outcome = await fit({
      training: trainingOf(request),
      gpus: 0,
      cpus: 1,
      assets: { directory },
      signal: new AbortController().signal,
      resume: left.resume,
      onBackend() {},
      onStart(began) {
        resumed = began.resumed !== null
      },
      onEpoch({ epoch }) {
        if (epoch + 1 !== request.epochs) return
        collect()
        held = left.held.filter(weak => weak.deref() !== undefined).length
      },
    })
    assert.deepEqual([outcome.kind, resumed, held, left.resume.length], ['completed', true, 0, 0])
  })
