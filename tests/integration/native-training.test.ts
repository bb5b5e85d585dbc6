// The native rung for real: TensorFlow's own library trains, and agrees with PyTorch and with our kernels. Only where somebody has
// installed one: TROTLINE_NATIVE=DIR, the folder of `npm run native -- --prefix DIR`. Says what a step costs, as a diagnostic.
import assert from 'node:assert/strict'
import { readdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { before, describe, test } from 'node:test'
import util from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import { makeLibrariesExact } from '../../apps/worker/src/settings.ts'
import { loadPackage } from '../../packages/trainer/src/backends/installed-package.ts'
import { probe } from '../../packages/trainer/src/backends/probe.ts'
import { createAutogradNet } from '../../packages/trainer/src/engine/autograd/net.ts'
import type { EngineNet, EngineOptions } from '../../packages/trainer/src/engine/engine.ts'
import { createSimdNet } from '../../packages/trainer/src/engine/simd/net.ts'
import { finalActivation } from '../../packages/trainer/src/model/final-activation.ts'
import { RandomState } from '../../packages/trainer/src/random/random-state.ts'
import { compile } from '../../packages/trainer/src/training/compile.ts'
import { createHead } from '../../packages/trainer/src/training/head.ts'
import { type Batch, batchesOf, planOf, type TorchCase, torchCases } from '../fixtures/torch/vectors.ts'
import { makeAssets } from '../unit/trainer/assets.ts'

const prefix = process.env.TROTLINE_NATIVE
const skip = prefix === undefined && 'no TensorFlow is installed for it: TROTLINE_NATIVE=DIR names one'

/** Float32 on another library, which adds in another order: what the first 20 losses may be apart, relatively. */
const TOLERANCE = 2e-6
const [ROUNDS, STEPS_A_ROUND] = [7, 40]

describe('TensorFlow’s own library', { skip }, async () => {
  const directory = skip === false ? await makeAssets() : ''
  before(async () => {
    const modules = join(resolve(prefix as string), 'node_modules')
    symlinkSync(modules, join(directory, 'node_modules'))
    makeLibrariesExact()
    const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean }
    legacy.isNullOrUndefined ??= value => value === null || value === undefined
    const name = readdirSync(join(modules, '@tensorflow')).find(one => /^tfjs-node(?:-gpu)?$/.test(one))
    assert.ok(name, `${modules} has no tfjs-node`)
    // Else it warns of every kernel that both copies of the library have.
    tf.enableProdMode()
    loadPackage(`@tensorflow/${name}`, { directory })
    await probe(tf, 'tensorflow')
  })

  const optionsOf = (one: TorchCase): EngineOptions => ({
    optimizer: one.optimizer,
    batchSize: one.batchSize,
    random: new RandomState(one.seed),
    shares: 1,
    threads: 1,
    assets: { directory },
  })

  function trainingOf(one: TorchCase, net: EngineNet): { losses: number[]; stepMs(): number } {
    const plan = planOf(one)
    const batches = batchesOf(one)
    const { rows, targets } = batches[0] as Batch
    const compiled = compile(
      { loss: one.loss, metrics: [], fromLogits: null, classWeights: null },
      { outputs: plan.outputs, activation: finalActivation(plan) },
      { targets: targets.length / rows, classes: null },
    )
    const head = createHead(compiled, one.batchSize)
    const act = head.step(head.newSums())
    const step = (batch: Batch): number => {
      head.begin(batch.targets, batch.rows)
      net.step(batch.features, batch.rows, act, one.optimizer.learningRate as number)
      return head.batchLoss
    }
    const full = batches.filter(batch => batch.rows === one.batchSize)
    return {
      losses: batches.map(step),
      stepMs() {
        const began = performance.now()
        for (let i = 0; i < STEPS_A_ROUND; i++) step(full[i % full.length] as Batch)
        return (performance.now() - began) / STEPS_A_ROUND
      },
    }
  }

  for (const one of torchCases)
    test(`the first 20 losses of ${one.name} are PyTorch’s, and those of our kernels`, async t => {
      const plan = planOf(one)
      const nets: [string, EngineNet][] = [['TensorFlow', createAutogradNet({ plan }, optionsOf(one))]]
      if (one.engines.includes('simd')) nets.push(['simd', await createSimdNet(plan, optionsOf(one))])
      const trainings = nets.map(([name, net]) => ({ name, ...trainingOf(one, net) }))
      const [native, simd] = trainings as [(typeof trainings)[0], (typeof trainings)[0] | undefined]
      assertClose(native.losses, one.losses, 'PyTorch')
      if (simd) assertClose(native.losses, simd.losses, 'simd')
      const device = (tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice ? 'GPU' : 'CPU'
      t.diagnostic(`on the ${device}, ${apart(native.losses, one.losses).toExponential(1)} from PyTorch`)
      if (one.name.startsWith('exercise')) t.diagnostic(`a step of ${one.batchSize} rows: ${sideBySide(trainings)}`)
      for (const [, net] of nets) net.dispose()
    })
})

const apart = (found: readonly number[], expected: readonly number[]): number =>
  Math.max(...found.map((loss, i) => Math.abs(loss / (expected[i] as number) - 1)))

function assertClose(found: readonly number[], expected: readonly number[], what: string): void {
  const difference = apart(found, expected)
  assert.ok(difference <= TOLERANCE, `${difference} apart from ${what}: ${found.join(' ')} and ${expected.join(' ')}`)
}

/** Medians of rounds in turn, because a machine is not equally quick all the time. */
function sideBySide(trainings: readonly { name: string; stepMs(): number }[]): string {
  const took = trainings.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++)
    trainings.forEach((training, i) => {
      took[i]?.push(training.stepMs())
    })
  return trainings
    .map(({ name }, i) => {
      const sorted = (took[i] as number[]).sort((a, b) => a - b)
      return `${name} ${sorted[ROUNDS >> 1]?.toFixed(3)} ms (quickest ${sorted[0]?.toFixed(3)})`
    })
    .join(', ')
}
