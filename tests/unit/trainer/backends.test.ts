// The ladder with made-up rungs, as a table; and the real wasm rung with files that are not what they should be.
import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Backend } from '../../../packages/contracts/src/training.ts'
import { ASSETS } from '../../../packages/trainer/src/assets.ts'
import { openWasm } from '../../../packages/trainer/src/backends/wasm.ts'
import { type Engines, type OpenRung, openBackend, type Rung } from '../../../packages/trainer/src/backends.ts'
import { TrainerError } from '../../../packages/trainer/src/errors.ts'

const assets = { directory: '/nowhere' }
const works: OpenRung = async () => {}
const broken =
  (why: string): OpenRung =>
  async () => {
    throw new Error(why)
  }
const ABSENT = broken('it is not installed on this node')
const rungs = (given: Partial<Record<Rung, OpenRung>>): Record<Rung, OpenRung> => ({
  'tfjs-node-gpu': works,
  'tfjs-node': works,
  webgpu: works,
  simd: works,
  wasm: works,
  cpu: works,
  ...given,
})

const dense: Engines = { whyNotSimd: null, convolutions: false }
const cnn: Engines = { whyNotSimd: null, convolutions: true }
const normalized: Engines = { whyNotSimd: 'it has no kernel for batch normalization', convolutions: true }
const loop: Engines = { float64: true }
const noNative = { 'tfjs-node-gpu': ABSENT, 'tfjs-node': ABSENT }

interface Row {
  of: string
  want: Backend
  gpus: number
  engines: Engines
  given?: Partial<Record<Rung, OpenRung>>
  /** backend and engine; or what the refusal says */
  takes: `${Rung} ${string}` | RegExp
  /** of rungs that were not taken */
  says?: Partial<Record<Rung, RegExp>>
}

const TABLE: Row[] = [
  {
    of: 'a job without a GPU takes our own kernels, although TensorFlow is there',
    want: 'auto',
    gpus: 0,
    engines: cnn,
    takes: 'simd simd',
    says: { 'tfjs-node-gpu': /^the job asked for no GPU$/, webgpu: /only where it is asked for by name/ },
  },
  {
    of: 'a net that our kernels cannot train takes TensorFlow where it is there',
    want: 'auto',
    gpus: 0,
    engines: normalized,
    takes: 'tfjs-node autograd',
    says: { simd: /no kernel for batch normalization/ },
  },
  {
    of: 'a net that our kernels cannot train takes wasm where TensorFlow is not there',
    want: 'auto',
    gpus: 0,
    engines: normalized,
    given: noNative,
    takes: 'wasm autograd',
    says: { 'tfjs-node': /not installed/ },
  },
  {
    of: 'a dense net slides from broken simd and wasm to cpu and keeps the reasons',
    want: 'auto',
    gpus: 0,
    engines: dense,
    given: { ...noNative, simd: broken('no SIMD here.\nstack'), wasm: broken('no wasm') },
    takes: 'cpu autograd',
    says: { simd: /^no SIMD here$/, wasm: /^no wasm$/ },
  },
  {
    of: 'a convolutional net does not slide to cpu',
    want: 'auto',
    gpus: 0,
    engines: cnn,
    given: { ...noNative, simd: broken('no SIMD here'), wasm: broken('no wasm') },
    takes: /^No backend works on this node\..*cpu: .*33 MFLOP\/s.*asked for by name/,
  },
  { of: 'a job with a GPU takes the GPU', want: 'auto', gpus: 1, engines: cnn, takes: 'tfjs-node-gpu autograd' },
  {
    of: 'a job with GPUs fails rather than slide to a rung without one, with every reason',
    want: 'auto',
    gpus: 2,
    engines: dense,
    given: noNative,
    takes:
      /^The job asked for 2 GPUs.*tfjs-node-gpu: it is not installed on this node; webgpu: .*by name; simd: it uses no GPU; tfjs-node: it uses no GPU; wasm: it uses no GPU; cpu: it uses no GPU\.$/,
  },
  {
    of: 'a job with a GPU does not slide where it names a backend without one',
    want: 'simd',
    gpus: 1,
    engines: dense,
    takes: /simd: it uses no GPU/,
  },
  { of: 'a job with a GPU may name webgpu', want: 'webgpu', gpus: 1, engines: cnn, takes: 'webgpu autograd' },
  {
    of: 'a job with a GPU that takes any backend takes the GPU first',
    want: 'any',
    gpus: 1,
    engines: cnn,
    takes: 'tfjs-node-gpu autograd',
  },
  {
    of: 'a job with a GPU that takes any backend slides down the ladder and says why',
    want: 'any',
    gpus: 1,
    engines: cnn,
    given: noNative,
    takes: 'simd simd',
    says: { 'tfjs-node-gpu': /not installed/ },
  },
  { of: 'a named backend is used', want: 'tfjs-node', gpus: 0, engines: cnn, takes: 'tfjs-node autograd' },
  {
    of: 'the GPU rung is tried without a GPU where it is named',
    want: 'tfjs-node-gpu',
    gpus: 0,
    engines: cnn,
    takes: 'tfjs-node-gpu autograd',
  },
  { of: 'a convolutional net may name cpu', want: 'cpu', gpus: 0, engines: cnn, takes: 'cpu autograd' },
  {
    of: 'a named backend fails with its reason and with that of no other',
    want: 'wasm',
    gpus: 0,
    engines: cnn,
    given: { wasm: broken('no wasm here') },
    takes: /^The job asked for the backend wasm.*simd: not asked for.*wasm: no wasm here/,
  },
  {
    of: 'our kernels fail where they are named for a net that they cannot train',
    want: 'simd',
    gpus: 0,
    engines: normalized,
    takes: /^The job asked for the backend simd.*simd: it has no kernel for batch normalization/,
  },
  { of: 'a float64 loop runs on the cpu alone', want: 'auto', gpus: 0, engines: loop, takes: 'cpu float64' },
  { of: 'a float64 loop may ask for any', want: 'any', gpus: 1, engines: loop, takes: 'cpu float64' },
  {
    of: 'a float64 loop refuses a GPU',
    want: 'auto',
    gpus: 1,
    engines: loop,
    takes: /^The job asked for 1 GPU,.*plain float64 loop, which runs on the CPU alone/,
  },
  {
    of: 'a float64 loop refuses another backend',
    want: 'wasm',
    gpus: 0,
    engines: loop,
    takes: /wasm: this training is a plain float64 loop/,
  },
]

for (const { of, want, gpus, engines, given = {}, takes, says = {} } of TABLE)
  test(of, async () => {
    const asked = openBackend({ want, gpus, engines, assets }, rungs(given))
    if (takes instanceof RegExp) {
      await assert.rejects(asked, (error: unknown) => {
        assert.ok(error instanceof TrainerError)
        assert.equal(error.code, 'BACKEND_UNAVAILABLE')
        assert.match(error.message, takes)
        return true
      })
      return
    }
    const { backend, engine, skipped } = await asked
    assert.equal(`${backend} ${engine}`, takes)
    for (const [rung, why] of Object.entries(says))
      assert.match(skipped.find(each => each.backend === rung)?.why ?? '', why)
  })

test('a convolutional net that names cpu is warned aloud', async () => {
  const warned = new Promise<Error>(resolve => process.once('warning', resolve))
  await openBackend({ want: 'cpu', gpus: 0, engines: cnn, assets }, rungs({}))
  assert.match((await warned).message, /33 MFLOP\/s/)
})

async function wasmBinaries(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'backends-'))
  after(() => rm(directory, { recursive: true, force: true }))
  for (const name of BINARIES)
    await copyFile((await ASSETS.find(asset => asset.name === name)?.source()) as string, join(directory, name))
  return directory
}
const BINARIES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']

// In this order: once the backend stands, its binary is not read again.
test('wasm with a torn binary, then with none, is refused with the reason, and works once the binary is whole', async () => {
  const [torn, none, whole] = [await wasmBinaries(), await wasmBinaries(), await wasmBinaries()]
  for (const name of BINARIES) {
    await writeFile(join(torn, name), 'not wasm')
    await rm(join(none, name))
  }
  await assert.rejects(openWasm({ directory: torn }), /simd\.wasm is not WebAssembly that this runtime can run/)
  await assert.rejects(openWasm({ directory: none }), /ENOENT.*simd\.wasm/)
  const count = () => process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection')
  const before = count()
  await openWasm({ directory: whole })
  // So that the process's owner decides about uncaught exceptions.
  assert.equal(count(), before, 'no listener is left on the process')
})

test('on a node without the optional packages a job with a GPU is told which is not installed', async () => {
  await assert.rejects(
    openBackend({ want: 'auto', gpus: 1, engines: cnn, assets }),
    /@tensorflow\/tfjs-node-gpu is not installed on this node/,
  )
  await assert.rejects(
    openBackend({ want: 'webgpu', gpus: 1, engines: cnn, assets }),
    /webgpu: webgpu is not installed on this node/,
  )
  await assert.rejects(
    openBackend({ want: 'tfjs-node', gpus: 0, engines: cnn, assets }),
    /@tensorflow\/tfjs-node is not installed on this node/,
  )
})

/** Dawn, and the tensor library's backend for it, as far as the rung looks at them. */
async function withDawn(adapter: string, readSync: string): Promise<{ directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'webgpu-'))
  after(() => rm(directory, { recursive: true, force: true }))
  const { resolve } = createRequire(import.meta.url)
  const [core, cpu] = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'].map(name =>
    JSON.stringify(resolve(name)),
  )
  const packages = {
    webgpu: `exports.create = () => ({ requestAdapter: async () => ${adapter} }); exports.globals = { GPUBufferUsage: {} }`,
    '@tensorflow/tfjs-backend-webgpu': `
      const tf = require(${core})
      const { MathBackendCPU } = require(${cpu})
      class Gpu extends MathBackendCPU { readSync(id) { ${readSync} } }
      if (!('gpu' in navigator)) throw new Error('no navigator.gpu')
      if ('webgpu' in tf.engine().registryFactory) tf.removeBackend('webgpu')
      tf.registerBackend('webgpu', () => new Gpu())
      for (const kernel of tf.getKernelsForBackend('cpu'))
        if (!tf.getKernel(kernel.kernelName, 'webgpu')) tf.registerKernel({ ...kernel, backendName: 'webgpu' })
    `,
  }
  for (const [name, source] of Object.entries(packages)) {
    await mkdir(join(directory, 'node_modules', name), { recursive: true })
    await writeFile(join(directory, 'node_modules', name, 'index.js'), source)
  }
  return { directory }
}

test('webgpu is refused without a GPU, and where it cannot be read in one turn, and taken where it can', async () => {
  const ask = async (adapter: string, readSync: string) =>
    openBackend({ want: 'webgpu', gpus: 1, engines: cnn, assets: await withDawn(adapter, readSync) })
  await assert.rejects(ask('null', ''), /webgpu: Dawn finds no GPU with a Vulkan driver/)
  await assert.rejects(
    ask('({})', "throw new Error('readSync: a promise')"),
    /cannot be read in the turn.*readSync: a promise/,
  )
  assert.equal('gpu' in ((globalThis as { navigator?: object }).navigator ?? {}), false, 'nothing is left behind')
  const { backend, engine } = await ask('({})', 'return super.readSync(id)')
  assert.deepEqual([backend, engine], ['webgpu', 'autograd'])
})
