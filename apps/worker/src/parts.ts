// What a run is handed: its order (which job, which submission, where) and its parts (trainer, queue, signals, words);
// and what a run that holds its fence has to do.
import type { EnvironmentLook, JobSpec, ReportAccess, RunId } from '@trotline/contracts'
import type { decodeCheckpoint, fit } from '@trotline/trainer'
import type { DataDigests } from './data-digests.ts'
import type { OpenReportThread } from './report-handover.ts'
import type { Allocation } from './settings.ts'
import type { StopSignals } from './signals.ts'

export interface RunOrder {
  /** The job directory. */
  directory: string
  submission: number
  allocation: Allocation
  /** The release this worker is from; null: it runs from its sources, and the spec's word is taken. */
  release: string | null
  /** The folder of the trainer's assets. */
  assets: string
}

export interface RunParts {
  /** Loaded when it is needed: a worker that leaves at the fence is gone in a tenth of the time. */
  loadTrainer(): Promise<{ fit: typeof fit; decodeCheckpoint: typeof decodeCheckpoint }>
  openReportThread: OpenReportThread
  stop: StopSignals
  heartbeatMs: number
  /** The variables that the worker was started with: what a command goes on with. */
  inherited: NodeJS.ProcessEnv
  out(line: string): void
  err(line: string): void
}

/** The duty of a run that holds its fence. */
export interface Duty {
  spec: JobSpec
  /** The job directory. */
  directory: string
  run: RunId
  runDirectory: string
  allocation: Allocation
  release: string
  assets: string
  /** null: nothing is reported. */
  access: ReportAccess | null
  /** What it runs in, looked at; null: it asked for none. */
  environment: { prefix: string; look: EnvironmentLook } | null
  /** Of the files that it is fed with. */
  data: DataDigests
}

/** What is known of it before its environment and its data are looked at. */
export type Assignment = Omit<Duty, 'environment' | 'data'>
