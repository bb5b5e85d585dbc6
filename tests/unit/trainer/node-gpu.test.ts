// The GPU rung with stand-ins for @tensorflow/tfjs-node-gpu beside the assets: each fails, or works, as the real one was seen to.
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeAssets } from './assets.ts'
import { train } from './training.ts'

async function assetsWithPackage(source: string): Promise<string> {
  const directory = await makeAssets()
  const folder = join(directory, 'node_modules/@tensorflow/tfjs-node-gpu')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'index.js'), source)
  return directory
}

const trainOnGpu = async (source: string) => {
  const directory = await assetsWithPackage(source)
  return train(directory, { preset: 'auto-mpg', epochs: 2 }, { gpus: 1 })
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

for (const { what, source, says } of FAILING)
  test(`a GPU package that ${what} makes the node incompatible and says so`, async () => {
    const { outcome, epochs } = await trainOnGpu(source)
    assert.equal(outcome.kind, 'failed')
    const { failure } = outcome as Extract<typeof outcome, { kind: 'failed' }>
    assert.deepEqual([failure.reason, failure.code, epochs.length], ['incompatible-node', 'BACKEND_UNAVAILABLE', 0])
    assert.match(failure.detail, says)
  })

test('a GPU package that works trains the job, and the record names it', async () => {
  const { outcome, backends } = await trainOnGpu(standIn(true))
  assert.equal(outcome.kind, 'completed')
  assert.deepEqual([outcome.report?.backend, outcome.report?.engine], ['tfjs-node-gpu', 'autograd'])
  assert.deepEqual(backends[0]?.skipped, [])
})
