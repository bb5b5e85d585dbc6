// WebAssembly with SIMD where the CPU has it. The binary is read from the assets' folder, never from node_modules.
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { probe } from './probe.ts'

export async function openWasm({ directory }: { directory: string }): Promise<void> {
  if (tf.engine().registry.wasm === undefined) {
    await checkBinary(directory, (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true)
    setWasmPaths(`${resolve(directory)}/`)
  }
  await withoutNewListeners(() => probe(tf, 'wasm'))
}

// A binary that cannot be loaded makes emscripten abort, after which the package refuses every later try in this process
// (backend_wasm.js, initAborted), and the reason is lost. So it is looked at first.
async function checkBinary(directory: string, simd: boolean): Promise<void> {
  const path = join(directory, simd ? 'tfjs-backend-wasm-simd.wasm' : 'tfjs-backend-wasm.wasm')
  const binary = await readFile(path)
  // Node's own types for release 20 leave WebAssembly to the browser's library, which is not loaded here.
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }
  if (!WebAssembly.validate(binary)) throw new Error(`${path} is not WebAssembly that this runtime can run`)
}

// Emscripten's start adds process listeners that rethrow whatever reaches them, so that an uncaught exception ends the
// process with code 7 before its owner's own handler has finished. Whoever runs the process decides about that, not we.
async function withoutNewListeners(start: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map(event => new Set(process.listeners(event as 'uncaughtException')))
  try {
    await start()
  } finally {
    events.forEach((event, i) => {
      for (const listener of process.listeners(event as 'uncaughtException'))
        if (!before[i]?.has(listener)) process.removeListener(event, listener)
    })
  }
}
