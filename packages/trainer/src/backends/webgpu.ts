// A GPU through Vulkan alone, without CUDA: Dawn, which the optional npm package `webgpu` carries, and the tensor library's backend for it.
import * as tf from '@tensorflow/tfjs-core'
import { loadPackage } from './installed-package.ts'
import { probe } from './probe.ts'

interface Dawn {
  create(options: string[]): { requestAdapter(): Promise<unknown> }
  globals: object
}

export async function openWebgpu(assets: { directory: string }): Promise<void> {
  const { create, globals } = loadPackage('webgpu', assets) as Dawn
  Object.assign(globalThis, globals)
  const gpu = create([])
  if ((await gpu.requestAdapter()) === null) throw new Error('Dawn finds no GPU with a Vulkan driver that it accepts')
  const scope = globalThis as { navigator?: object }
  scope.navigator ??= {}
  // Under Node 21 and later navigator is there, and has no gpu. Held by it, Dawn would keep the process from ending.
  Object.defineProperty(scope.navigator, 'gpu', { value: gpu, configurable: true })
  try {
    loadPackage('@tensorflow/tfjs-backend-webgpu', assets)
    await probe(tf, 'webgpu').catch(cause => {
      // The loop reads the outputs of every batch in the same turn. Version 4.22 does that by an OffscreenCanvas, which Node.js has not.
      throw new Error(`its answers cannot be read in the turn in which they are asked for: ${cause.message}`, { cause })
    })
  } catch (cause) {
    Reflect.deleteProperty(scope.navigator, 'gpu')
    throw cause
  }
}
