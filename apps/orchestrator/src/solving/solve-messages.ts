// What solver.ts and its thread say to each other: one problem at a time, and its answer in steps.
import type { CondaPlatform, EnvironmentSpec, LockedPip, VirtualPackages } from '@trotline/contracts'
import type { PinnedLock } from '@trotline/environment'
import type { WasmModule } from '@trotline/environment/solve'
import type { RepodataFile } from './channels/repodata-file.ts'
import type { SolveErrorCode, SolveFinding } from './solve-error.ts'

/** workerData: what a thread is started with, before there is a problem. */
export interface ThreadOrder {
  /** That the solver's memory may grow to; what JavaScript holds is limited by the thread's resourceLimits. */
  memoryBytes: number
  /** As another thread compiled it. */
  module: WasmModule | null
}

export interface ThreadProblem {
  spec: EnvironmentSpec
  platform: CondaPlatform
  virtualPackages: VirtualPackages
  targetWords: string
  gpu: boolean
  /** In order of priority, as chooseConda has them. */
  channels: { written: string; url: string; files: RepodataFile[] }[]
  /** Within it a refusal is explained by further questions. */
  explainMs: number
}

export type ToThread = { kind: 'solve'; problem: ThreadProblem } | { kind: 'pip'; pip: LockedPip[] }

export type FromThread =
  | { kind: 'ready'; module: WasmModule }
  | { kind: 'reached'; records: number; names: number }
  /** Nothing fits; why is being looked for. */
  | { kind: 'refusing'; tree: string }
  | { kind: 'chosen'; packages: { name: string; version: string }[] }
  | { kind: 'locked'; pinned: PinnedLock; notes: string[] }
  | { kind: 'refused'; code: SolveErrorCode; message: string; findings: SolveFinding[]; tree: string | null }
  /** After an answer. memoryBytes: of the solver, which never gives any back. */
  | { kind: 'free'; memoryBytes: number }
  /** A bug, of the solver or of ours: the thread is over. */
  | { kind: 'died'; words: string; outOfMemory: boolean }
