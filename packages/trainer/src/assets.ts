// The files that must lie in one folder beside the worker's bundle: the data set, our own kernels and the wasm backend's binaries.
// Where they come from is asked only when a release is built, because a bundle has no node_modules to look in.
import { copyFile, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Asset {
  /** File name in `assets.directory`. */
  name: string
  /** Path in this workspace. Throws where the workspace's packages are not installed. */
  source(): string | Promise<string>
}

const shipped = (name: string): Asset => ({
  name,
  source: () => fileURLToPath(new URL(`../data/${name}`, import.meta.url)),
})

const fromWasmBackend = (name: string): Asset => ({
  name,
  source: () => createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`),
})

// Compiled where they are not up to date. Named by a URL that a bundler does not follow: the worker's release has no compiler.
const kernels = async (): Promise<string> => {
  const builder = new URL('../kernels/build.mjs', import.meta.url).href
  const { buildKernels } = (await import(builder)) as { buildKernels(): Promise<string> }
  return buildKernels()
}

const OWN_ASSETS: readonly Asset[] = [
  shipped('cars.json'),
  shipped('NOTICE'),
  { name: 'kernels.wasm', source: kernels },
]

// The threaded binary is left out: the backend never uses threads under Node.js (flags_wasm.js returns false there).
export const ASSETS: readonly Asset[] = [
  ...OWN_ASSETS,
  fromWasmBackend('tfjs-backend-wasm.wasm'),
  fromWasmBackend('tfjs-backend-wasm-simd.wasm'),
]

/**
 * Fills `directory` (made if it is not there) with every asset, or with those that a worker without the tensor library has use for.
 * For the release build and for tests.
 */
export async function copyAssets(directory: string, { tensorLibrary = true } = {}): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const asset of tensorLibrary ? ASSETS : OWN_ASSETS)
    await copyFile(await asset.source(), join(directory, asset.name))
}
