// The first 20 batch losses of every engine and backend beside PyTorch's, recorded by tests/fixtures/torch/record.py.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expandPreset, lossOf, type PresetTraining, WorkerTraining } from '@trotline/contracts'
import { openCpu } from '../../packages/trainer/src/backends/cpu.ts'
import { openWasm } from '../../packages/trainer/src/backends/wasm.ts'
import type { OpenRung } from '../../packages/trainer/src/backends.ts'
import { createAutogradNet } from '../../packages/trainer/src/engine/autograd/net.ts'
import type { EngineNet, EngineOptions } from '../../packages/trainer/src/engine/engine.ts'
import { createSimdNet } from '../../packages/trainer/src/engine/simd/net.ts'
import { finalActivation } from '../../packages/trainer/src/model/final-activation.ts'
import type { NetPlan } from '../../packages/trainer/src/model/plan.ts'
import { RandomState } from '../../packages/trainer/src/random/random-state.ts'
import { compile } from '../../packages/trainer/src/training/compile.ts'
import { createHead } from '../../packages/trainer/src/training/head.ts'
import { batchesOf, planOf, type TorchCase, torchCases } from '../fixtures/torch/vectors.ts'
import { makeAssets } from '../unit/trainer/assets.ts'

const TOLERANCE = 2e-6

function lossesOf(one: TorchCase, plan: NetPlan, net: EngineNet): number[] {
  const batches = batchesOf(one)
  const { rows, targets } = batches[0] as (typeof batches)[number]
  const compiled = compile(
    { loss: one.loss, metrics: [], fromLogits: null, classWeights: null },
    { outputs: plan.outputs, activation: finalActivation(plan) },
    { targets: targets.length / rows, classes: null },
  )
  const head = createHead(compiled, one.batchSize)
  const step = head.step(head.newSums())
  return batches.map(batch => {
    head.begin(batch.targets, batch.rows)
    net.step(batch.features, batch.rows, step, one.optimizer.learningRate as number)
    return head.batchLoss
  })
}

function assertClose(found: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(found.length, expected.length)
  const apart = found.map((loss, i) => Math.abs(loss - (expected[i] as number)) / Math.abs(expected[i] as number))
  const worst = apart.findIndex(one => !(one <= TOLERANCE))
  assert.equal(
    worst,
    -1,
    `batch ${worst + 1}: ${found[worst]} where ${what} has ${expected[worst]}, ${apart[worst]} apart`,
  )
}

const directory = await makeAssets()

const optionsOf = (one: TorchCase, shares: number): EngineOptions => ({
  optimizer: one.optimizer,
  batchSize: one.batchSize,
  random: new RandomState(one.seed),
  shares,
  threads: shares,
  assets: { directory },
})

interface Engine {
  name: string
  kind: TorchCase['engines'][number]
  open(plan: NetPlan, one: TorchCase): Promise<EngineNet>
}

const simd = (shares: number): Engine => ({
  name: shares === 1 ? 'simd' : `simd with ${shares} shares on as many threads`,
  kind: 'simd',
  open: (plan, one) => createSimdNet(plan, optionsOf(one, shares)),
})

const autograd = (backend: string, openBackend: OpenRung): Engine => ({
  name: `autograd on ${backend}`,
  kind: 'autograd',
  async open(plan, one) {
    await openBackend({ directory })
    return createAutogradNet({ plan }, optionsOf(one, 1))
  },
})

// The plain JavaScript of cpu takes 0.1 s for an image of exercise 3.
const TOO_SLOW_ON_CPU = ['exercise-3-batch-64', 'exercise-3-long-steps']

for (const engine of [simd(1), simd(3), autograd('wasm', openWasm), autograd('cpu', openCpu)])
  describe(`the first 20 losses of ${engine.name} are PyTorch’s`, () => {
    for (const one of torchCases) {
      if (!one.engines.includes(engine.kind)) continue
      const skip = engine.name === 'autograd on cpu' && TOO_SLOW_ON_CPU.includes(one.name)
      test(one.name, { skip }, async () => {
        const plan = planOf(one)
        const net = await engine.open(plan, one)
        try {
          const losses = lossesOf(one, plan, net)
          assertClose(losses, one.losses, 'PyTorch')
          assertClose(losses, one.float64, 'PyTorch in float64')
        } finally {
          net.dispose()
        }
      })
    }
  })

test('what PyTorch was given as exercises 2 and 3 is what the presets stand for', () => {
  for (const [name, preset] of [
    ['exercise-2', 'auto-mpg'],
    ['exercise-3', 'fashion-mnist'],
  ] as const) {
    const { optimizer, loss, batchSize, layers } = torchCases.find(one => one.name === name) as TorchCase
    const training = expandPreset(WorkerTraining.parse({ kind: 'preset', preset }) as PresetTraining)
    assert.deepEqual(
      { optimizer, loss, batchSize, model: { layers } },
      {
        optimizer: training?.optimizer,
        loss: training && lossOf(training.loss),
        batchSize: training?.batchSize,
        model: training?.model,
      },
    )
  }
})
