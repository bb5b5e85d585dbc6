// The native rungs with stand-ins for @tensorflow/tfjs-node-gpu and @tensorflow/tfjs-node beside the assets: each fails, or works,
// as the real one was seen to.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openNode, openNodeGpu } from '../../../packages/trainer/src/backends/native.ts'
import { openBackend } from '../../../packages/trainer/src/backends.ts'
import { createAutogradNet } from '../../../packages/trainer/src/engine/autograd/net.ts'
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
