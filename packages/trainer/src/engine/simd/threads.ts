// Who runs a program's shares: this thread alone, or this one and others over the same memory. Which thread takes which share
// changes no bit: a share has its own tiles and its own gradient.
import { Worker } from 'node:worker_threads'
import type { Run } from './kernels.ts'
import type { Program } from './program.ts'
import type { Memory, Module } from './webassembly.ts'

export interface Share {
  /** Tiles, or v128 of the parameters. */
  from: number
  to: number
  gradient: number
}

export interface Team {
  /** Returns when every share is done. */
  run(program: Program, shares: readonly Share[]): void
  dispose(): void
}

export const aloneTeam = (run: Run): Team => ({
  run({ at, end }, shares) {
    for (const { from, to, gradient } of shares) run(at, end, from, to, gradient)
  },
  dispose() {},
})

// The control block, int32 words: what changes when there is work, who is done, what to run, and on which shares.
const TURN = 0
const DONE = 1
const FAILED = 2
const AT = 3
const END = 4
const SHARES = 5
const FIRST_SHARE = 8

/** Of the control block. */
export const controlWords = (shares: number): number => FIRST_SHARE + 3 * shares

/** Turns of a thread's wait before it sleeps: about as long as the other threads are behind within a step. */
const SPINS = 20_000

// Text, not a file: the worker's release is one bundle, and what a bundler renames in it would not be found in a thread.
const THREAD = `
const { parentPort, workerData: { module, memory, control, index, threads } } = require('node:worker_threads')
const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports
const words = new Int32Array(memory.buffer, control)
parentPort.postMessage('ready')
for (let turn = 0; ; ) {
  for (let i = 0; i < ${SPINS} && Atomics.load(words, ${TURN}) === turn; i++);
  while (Atomics.load(words, ${TURN}) === turn) Atomics.wait(words, ${TURN}, turn)
  turn = Atomics.load(words, ${TURN})
  if (words[${AT}] === 0) break
  try {
    for (let s = index; s < words[${SHARES}]; s += threads) {
      const at = ${FIRST_SHARE} + 3 * s
      run(words[${AT}], words[${END}], words[at], words[at + 1], words[at + 2])
    }
  } catch {
    Atomics.store(words, ${FAILED}, 1)
  }
  Atomics.add(words, ${DONE}, 1)
  Atomics.notify(words, ${DONE})
}
`

interface Parts {
  run: Run
  module: Module
  memory: Memory
  /** Address of the control block. */
  control: number
  /** This one included; two at least. */
  threads: number
}

/** Threads end with dispose() and never keep the process. */
export async function startTeam({ run, module, memory, control, threads }: Parts): Promise<Team> {
  const words = new Int32Array(memory.buffer, control)
  const workers = Array.from(
    { length: threads - 1 },
    (_, i) =>
      new Worker(THREAD, { eval: true, execArgv: [], workerData: { module, memory, control, index: i + 1, threads } }),
  )
  await Promise.all(
    workers.map(
      worker =>
        new Promise<void>((resolve, reject) => {
          worker.once('message', () => resolve())
          worker.once('error', reject)
        }),
    ),
  )
  for (const worker of workers) worker.unref()

  const begin = (at: number): void => {
    words[AT] = at
    Atomics.store(words, DONE, 0)
    Atomics.add(words, TURN, 1)
    Atomics.notify(words, TURN)
  }
  const wait = (): void => {
    for (let i = 0; i < SPINS; i++) if (Atomics.load(words, DONE) === workers.length) return
    for (let done = Atomics.load(words, DONE); done !== workers.length; done = Atomics.load(words, DONE))
      Atomics.wait(words, DONE, done)
  }
  return {
    run({ at, end }, shares) {
      words[END] = end
      words[SHARES] = shares.length
      for (let s = 0; s < shares.length; s++) {
        const { from, to, gradient } = shares[s] as Share
        words[FIRST_SHARE + 3 * s] = from
        words[FIRST_SHARE + 3 * s + 1] = to
        words[FIRST_SHARE + 3 * s + 2] = gradient
      }
      begin(at)
      for (let s = 0; s < shares.length; s += threads) {
        const { from, to, gradient } = shares[s] as Share
        run(at, end, from, to, gradient)
      }
      wait()
      if (Atomics.load(words, FAILED) !== 0) throw new Error('a thread of the trainer failed in a kernel')
    },
    dispose() {
      begin(0)
    },
  }
}
