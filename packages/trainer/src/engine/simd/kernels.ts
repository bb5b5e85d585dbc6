// The compiled kernels: read from the assets' folder, looked at, and tried before anything is trained with them.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { call, VERSION } from './program.ts'
import { type Memory, type Module, WebAssembly } from './webassembly.ts'

/** Runs the program at `at` … `end` on tiles (or v128 of parameters) `from` … `to`, with the share's gradient at `gradient`. */
export type Run = (at: number, end: number, from: number, to: number, gradient: number) => void

const NAME = 'kernels.wasm'

/** @throws Error with a sentence where the file is missing, is not for this runtime, or is not of this release */
export async function loadKernels({ directory }: { directory: string }): Promise<Module> {
  const path = join(directory, NAME)
  const binary = await readFile(path)
  if (!WebAssembly.validate(binary)) throw new Error(`${path} is not WebAssembly that this runtime can run`)
  const module = new WebAssembly.Module(binary)
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name))
  if (!names.has('run') || !names.has('VERSION')) throw new Error(`${path} holds other code than the trainer's kernels`)
  tryKernels(module, path)
  return module
}

/** Into a memory of their own. */
export function startKernels(module: Module, memory: Memory): { run: Run; version: number } {
  const { run, VERSION: version } = new WebAssembly.Instance(module, { env: { memory } }).exports
  return { run: run as Run, version: (version as { value: number }).value }
}

// Four images of two values through a dense layer of two units with a bias: 64 bytes of input, 24 of parameters.
function tryKernels(module: Module, path: string): void {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 32_768, shared: true })
  const { run, version } = startKernels(module, memory)
  if (version !== VERSION)
    throw new Error(`${path} holds version ${version} of the kernels, and this trainer works with version ${VERSION}`)
  const [program, x, weights, bias, y, rows] = [1024, 2048, 3072, 3088, 4096, 5120]
  const floats = new Float32Array(memory.buffer)
  floats.set([1, 2, 3, 4, 5, 6, 7, 8], rows / 4)
  floats.set([5, 6, 7, 8], weights / 4)
  floats.set([1, -1], bias / 4)
  const words = [
    ...call('pack', rows, x, 2),
    ...call('dense', x, weights, bias, y, 2, 2, 0),
    ...call('unpack', y, rows, 2),
  ]
  new Int32Array(memory.buffer).set(words, program / 4)
  run(program, program + words.length * 4, 0, 1, 0)
  const answer = [...floats.subarray(rows / 4, rows / 4 + 8)]
  const expected = [20, 21, 44, 49, 68, 77, 92, 105]
  if (expected.some((value, i) => value !== answer[i]))
    throw new Error(`a 4 × 2 × 2 product came out as ${answer.join(' ')}`)
}
