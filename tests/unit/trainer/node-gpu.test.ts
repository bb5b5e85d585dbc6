// The native rungs with stand-ins for @tensorflow/tfjs-node-gpu and @tensorflow/tfjs-node beside the assets: each fails, or works,
// as the real one was seen to.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-core'
import { openNode, openNodeGpu } from '../../../packages/trainer/src/backends/native.ts'
import { openBackend } from '../../../packages/trainer/src/backends.ts'
import { createAutogradNet } from '../../../packages/trainer/src/engine/autograd/net.ts'
import { supplyTensorflowKernels } from '../../../packages/trainer/src/engine/autograd/tensorflow-kernels.ts'
import { optionsOf, planOf, train } from './autograd-nets.ts'

async function withPackage(source: string, name = 'tfjs-node-gpu'): Promise<{ directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'native-'))
  after(() => rm(directory, { recursive: true, force: true }))
  const folder = join(directory, 'node_modules/@tensorflow', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'index.js'), source)
  return { directory }
}

/** The tensor library's cpu kernels under the name that TensorFlow's binding registers. */
const standIn = (gpu: boolean, extra = ''): string => {
  const { resolve } = createRequire(import.meta.url)
  const [core, cpu] = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'].map(name =>
    JSON.stringify(resolve(name)),
  )
  return `
    const tf = require(${core})
    const { MathBackendCPU } = require(${cpu})
    class Binding extends MathBackendCPU { isUsingGpuDevice = ${gpu} }
    if ('tensorflow' in tf.engine().registryFactory) tf.removeBackend('tensorflow')
    tf.registerBackend('tensorflow', () => new Binding())
    for (const kernel of tf.getKernelsForBackend('cpu')) {
      tf.getKernel(kernel.kernelName, 'tensorflow') && tf.unregisterKernel(kernel.kernelName, 'tensorflow')
      tf.registerKernel({ ...kernel, backendName: 'tensorflow' })
    }
    ${extra}
  `
}

const FAILING = [
  {
    what: 'was installed without its binding',
    source:
      "throw new Error('The Node.js native addon module (tfjs_binding.node) can not be found at path: x\\nPlease')",
    says: /without its native binding: The Node\.js native addon module/,
  },
  {
    what: 'lacks its library',
    source: "throw new Error('libtensorflow.so.2: cannot open shared object file: No such file or directory')",
    says: /could not be loaded: libtensorflow\.so\.2: cannot open shared object file/,
  },
  { what: 'sees no GPU', source: standIn(false), says: /loaded but sees no GPU/ },
  {
    what: 'cannot compute',
    source: standIn(true, "tf.unregisterKernel('BatchMatMul', 'tensorflow')"),
    says: /BatchMatMul/,
  },
]

const net = { whyNotSimd: null, convolutions: true }

for (const { what, source, says } of FAILING)
  test(`a GPU package that ${what} makes the node incompatible and says so`, async () => {
    await assert.rejects(openBackend({ want: 'auto', gpus: 1, engines: net, assets: await withPackage(source) }), says)
  })

test('a GPU package that works trains the net, and the record names it', async () => {
  const assets = await withPackage(standIn(true))
  const { backend, engine, skipped } = await openBackend({ want: 'auto', gpus: 1, engines: net, assets })
  assert.deepEqual([backend, engine, skipped], ['tfjs-node-gpu', 'autograd', []])
  const plan = planOf([3], { kind: 'dense', units: 4, activation: 'relu' }, { kind: 'dense', units: 1 })
  const trained = createAutogradNet({ plan }, optionsOf({ optimizer: { kind: 'adam' } }))
  const losses = train(trained, { steps: 5, rows: 4, inputs: 3 })
  assert.ok(losses.every(loss => loss > 0))
  trained.dispose()
})

const kernelOf = (name: string): tf.KernelFunc => tf.getKernel(name, 'tensorflow').kernelFunc

test('the step function that is put in TensorFlow’s place is the library’s, for NaN too', async () => {
  await openNodeGpu(await withPackage(standIn(true)))
  const steps = () =>
    [0, 0.2].map(alpha => [...tf.step(tf.tensor2d([-3, -0, 0, 1e-38, 2, Number.NaN], [2, 3]), alpha).dataSync()])
  const [own, expected] = [kernelOf('Step'), steps()]
  supplyTensorflowKernels()
  assert.notEqual(kernelOf('Step'), own)
  assert.deepEqual(steps(), expected)
  assert.deepEqual(expected[0], [0, 0, 0, 1, 1, Number.NaN])
})

test('the gradient of an image enlarged pixel by pixel sums every block, and what was not enlarged in blocks is left to the library', async () => {
  await openNodeGpu(await withPackage(standIn(true)))
  const images = tf.zeros([1, 2, 2, 2]) as tf.Tensor4D
  const gradient = (tall: number, wide: number): number[] => {
    const enlarged = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [tall, wide])
    const dy = tf.tensor4d(
      Array.from({ length: tall * wide * 2 }, (_, i) => i),
      [1, tall, wide, 2],
    )
    return [...tf.grad(enlarged)(images, dy).dataSync()]
  }
  const own = [kernelOf('ResizeNearestNeighborGrad'), gradient(5, 4), gradient(1, 2)] as const
  supplyTensorflowKernels()
  assert.notEqual(kernelOf('ResizeNearestNeighborGrad'), own[0])
  const expected = new Array<number>(8).fill(0)
  for (let y = 0; y < 4; y++)
    for (let x = 0; x < 6; x++)
      for (let c = 0; c < 2; c++)
        (expected[((y >> 1) * 2 + Math.floor(x / 3)) * 2 + c] as number) += (y * 6 + x) * 2 + c
  assert.deepEqual(gradient(4, 6), expected)
  assert.deepEqual([gradient(5, 4), gradient(1, 2)], [own[1], own[2]])
})

test('what TensorFlow cannot do is told in its own words and not as a number', async () => {
  const refusing = `
    tf.unregisterKernel('Multiply', 'tensorflow')
    tf.registerKernel({ kernelName: 'Multiply', backendName: 'tensorflow', kernelFunc() {
      throw new Error('Invalid TF_Status: 12\\nMessage: A deterministic GPU implementation is not available.')
    } })`
  await openNodeGpu(await withPackage(standIn(true, refusing)))
  const plan = planOf([3], { kind: 'dense', units: 4, activation: 'relu' }, { kind: 'dense', units: 1 })
  assert.throws(
    () => createAutogradNet({ plan }, optionsOf({ optimizer: { kind: 'sgd' } })),
    /on its backend tensorflow: A deterministic GPU implementation is not available\.$/,
  )
})

test('TensorFlow without a GPU is not loaded beside the build that has one', async () => {
  await openNodeGpu(await withPackage(standIn(true)))
  await assert.rejects(openNode(await withPackage(standIn(false), 'tfjs-node')), /a process has room for one/)
})

test('the Node.js function that the native packages still call is there for them', async () => {
  const { default: util } = (await import('node:util')) as unknown as {
    default: { isNullOrUndefined(value: unknown): boolean }
  }
  assert.deepEqual([undefined, null, 0].map(util.isNullOrUndefined), [true, true, false])
})
