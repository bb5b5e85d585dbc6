// What a benchmark is to the program that runs it: its scale, its text, and one function that measures and says what it saw.
import type { Scene } from '../support/slurm-itself.ts'

export interface Scale {
  rounds: number
  /** 0: it has none. */
  jobs: number
  /** How long one round measures, where a round has a length. */
  seconds: number
}

export interface BenchOptions extends Scale {
  /** What is set up is undone when the benchmark is over, however it ends: the last first. */
  scene: Scene
  /** For figures and tables: what is worth keeping. */
  print(text: string): void
  /** The command that repeats this very measurement. */
  command: string
  /** Those of the benchmark's own flags that were given. */
  extras: readonly string[]
}

export interface Bench {
  /** What it measures, in a line or two. */
  about: string
  usual: Scale
  /** Seconds instead of minutes: to see that it runs, not to be quoted. */
  small: Scale
  /** Flags of its own, without a value: `--NAME`. */
  extras?: readonly string[]
  run(options: BenchOptions): Promise<void>
}
