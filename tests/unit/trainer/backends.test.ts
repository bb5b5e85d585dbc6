// The ladder with made-up rungs, and the real wasm rung with files that are not what they should be.
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Engine, type OpenRung, openBackend, type Rung } from '../../../packages/trainer/src/backends.ts'
import { TrainerError } from '../../../packages/trainer/src/errors.ts'
import { makeAssets } from './assets.ts'
import { train } from './training.ts'

const assets = { directory: '/nowhere' }
const works: OpenRung = async () => {}
const broken =
  (why: string): OpenRung =>
  async () => {
    throw new Error(why)
  }
const rungs = (given: Partial<Record<Rung, OpenRung>>): Record<Rung, OpenRung> => ({
  'tfjs-node-gpu': works,
  wasm: works,
  cpu: works,
  ...given,
})
const ask = (given: Partial<Record<Rung, OpenRung>>, want: 'auto' | Rung, gpus: number, engine: Engine = 'autograd') =>
  openBackend({ want, gpus, engine, assets }, rungs(given))
const unavailable = (says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof TrainerError)
  assert.equal(error.code, 'BACKEND_UNAVAILABLE')
  assert.match(error.message, says)
  return true
}

test('a job without a GPU takes wasm and says why the GPU rung was not', async () => {
  const chosen = await ask({}, 'auto', 0)
  assert.equal(chosen.backend, 'wasm')
  assert.deepEqual(chosen.skipped, [{ backend: 'tfjs-node-gpu', why: 'the job asked for no GPU' }])
})

test('a job without a GPU slides from a broken wasm to cpu and keeps the reason', async () => {
  const chosen = await ask({ wasm: broken('no SIMD here.\nstack') }, 'auto', 0)
  assert.equal(chosen.backend, 'cpu')
  assert.equal(chosen.skipped[1]?.why, 'no SIMD here')
})

test('a job with a GPU takes the GPU rung', async () => {
  assert.equal((await ask({}, 'auto', 1)).backend, 'tfjs-node-gpu')
})

test('a job with a GPU never slides to a rung without one, whatever backend it names', async () => {
  const given = { 'tfjs-node-gpu': broken('it is not installed on this node') }
  await assert.rejects(
    ask(given, 'auto', 2),
    unavailable(/^The job asked for 2 GPUs.*it is not installed on this node/),
  )
  await assert.rejects(ask({}, 'wasm', 1), unavailable(/wasm: it uses no GPU/))
  await assert.rejects(ask({}, 'cpu', 1), unavailable(/cpu: it uses no GPU/))
})

test('a named backend is used or fails with its reason', async () => {
  assert.equal((await ask({}, 'cpu', 0)).backend, 'cpu')
  const given = { wasm: broken('no SIMD here') }
  await assert.rejects(ask(given, 'wasm', 0), unavailable(/^The job asked for the backend wasm.*wasm: no SIMD here/))
})

test('linear regression runs on the cpu alone and refuses a GPU as incompatible-node', async () => {
  const directory = await makeAssets()
  const { outcome, backends } = await train(directory, { preset: 'linear-regression' }, { gpus: 1 })
  assert.equal(outcome.kind, 'failed')
  const { failure, report } = outcome as Extract<typeof outcome, { kind: 'failed' }>
  assert.deepEqual([failure.reason, failure.code, report], ['incompatible-node', 'BACKEND_UNAVAILABLE', null])
  assert.match(failure.detail, /The job asked for 1 GPU,.*plain float64 loop, which runs on the CPU alone/)
  assert.equal(backends.length, 0)
  assert.equal((await train(directory, { preset: 'linear-regression', backend: 'wasm' })).outcome.kind, 'failed')
})

test('a job with a GPU on a node without the GPU package is incompatible-node, in words', async () => {
  const { outcome } = await train(await makeAssets(), { preset: 'auto-mpg' }, { gpus: 1 })
  const { failure } = outcome as Extract<typeof outcome, { kind: 'failed' }>
  assert.deepEqual([failure.reason, failure.code], ['incompatible-node', 'BACKEND_UNAVAILABLE'])
  assert.match(failure.detail, /@tensorflow\/tfjs-node-gpu is not installed on this node/)
})

const BINARIES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']

// In this order: once the backend stands, its binary is not read again.
test('wasm with a torn binary, then with none, is skipped with the reason, and works once the binary is whole', async () => {
  const [torn, none, whole] = [await makeAssets(), await makeAssets(), await makeAssets()]
  for (const name of BINARIES) {
    await writeFile(join(torn, name), 'not wasm')
    await rm(join(none, name))
  }
  const why = async (directory: string) => {
    const { outcome, backends } = await train(directory, { preset: 'auto-mpg', epochs: 1 })
    assert.equal(outcome.kind, 'completed')
    return [backends[0]?.backend, backends[0]?.skipped[1]?.why]
  }
  const [tornBackend, tornWhy] = await why(torn)
  assert.equal(tornBackend, 'cpu')
  assert.match(String(tornWhy), /simd\.wasm is not WebAssembly that this runtime can run/)
  const [noneBackend, noneWhy] = await why(none)
  assert.equal(noneBackend, 'cpu')
  assert.match(String(noneWhy), /ENOENT.*simd\.wasm/)
  assert.deepEqual(await why(whole), ['wasm', undefined])
})

test('opening wasm leaves no listener on the process, so that its owner decides about uncaught exceptions', async () => {
  const count = () => process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection')
  const before = count()
  await train(await makeAssets(), { preset: 'auto-mpg', epochs: 1, backend: 'wasm' })
  assert.equal(count(), before)
})
