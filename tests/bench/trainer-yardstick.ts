// numpy and PyTorch beside us: one Python process for the whole measurement, asked in turns (trainer-torch.py).
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Scene } from '../support/slurm-itself.ts'

/** Debian's packages are seen by Debian's own interpreter, which need not be the first in the path. */
const INTERPRETERS = ['python3', '/usr/bin/python3']

export const NOT_INSTALLED = `PyTorch is not installed, so there is nothing to compare with and our own times stand alone.
Debian and Ubuntu: apt-get install python3-torch libopenblas0-pthread`

/** python3-torch is content with Debian's libblas3, which makes 5 GFLOP/s where OpenBLAS makes 80 to 200. */
export const slowBlas = (name: string): string =>
  `PyTorch multiplies matrices here with ${name}, the reference BLAS, a tenth as fast as it can: the ratios flatter us.
Debian and Ubuntu: apt-get install libopenblas0-pthread`

/** Of a unit: an epoch, a step, or 1,000 epochs of exercise 1. */
export interface Cost {
  milliseconds: number
  /** Of all threads of the process, which says nearly the same on a busy machine. */
  processorMilliseconds: number
}

export interface Sample {
  cost: Cost
  /** What the first units gave: losses and the like. */
  values: number[][]
  last: number[]
}

/** At least so many units, and for at least so long. */
export interface Length {
  units: number
  seconds: number
}

export interface Yardstick {
  versions: { numpy: string; torch: string; blas: { name: string; reference: boolean } }
  make(name: string, kind: 'exercise1' | 'exercise2' | 'steps', of: object): Promise<void>
  run(name: string, length: Length): Promise<Sample>
}

/** null: no Python here knows PyTorch. */
export async function openYardstick(scene: Scene): Promise<Yardstick | null> {
  const interpreter = await findInterpreter()
  if (interpreter === null) return null
  const child = spawn(interpreter, [join(import.meta.dirname, 'trainer-torch.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  scene.after(() => void child.kill())
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async <T>(): Promise<T> => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the Python process ended; what it said stands above')
    return JSON.parse(value as string) as T
  }
  const ask = <T>(order: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(order)}\n`)
    return answer<T>()
  }
  return {
    versions: await answer<Yardstick['versions']>(),
    async make(name, kind, of) {
      await ask({ name, make: kind, of })
    },
    run: (name, length) => ask<Sample>({ name, ...length }),
  }
}

async function findInterpreter(): Promise<string | null> {
  for (const interpreter of INTERPRETERS) {
    try {
      await promisify(execFile)(interpreter, ['-c', 'import numpy, torch'])
      return interpreter
    } catch {
      // The next one may.
    }
  }
  return null
}
