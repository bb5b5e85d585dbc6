// What the thread of large locks and specs is asked, and what it answers.
import type { EnvironmentDiff, EnvironmentSpec } from '@trotline/contracts'
import { type LockFormat, type Reading, readSpec, type WrittenLock } from '@trotline/environment'
import { diffOf, type LockSide, type OpenedRequest, openBundle, openRequest, writeLockAs } from './lock-work.ts'

export type LockTask =
  | { kind: 'open'; body: Uint8Array }
  | { kind: 'bundle'; body: Uint8Array }
  | { kind: 'spec'; written: unknown }
  | { kind: 'write'; lock: LockSide; format: LockFormat }
  | { kind: 'diff'; from: LockSide; to: LockSide }

export interface LockAnswers {
  open: OpenedRequest
  bundle: OpenedRequest
  spec: Reading<EnvironmentSpec>
  write: WrittenLock
  diff: EnvironmentDiff
}

export function doTask(task: LockTask): LockAnswers[LockTask['kind']] {
  switch (task.kind) {
    case 'open':
      return openRequest(task.body)
    case 'bundle':
      return openBundle(task.body)
    case 'spec':
      return readSpec(task.written)
    case 'write':
      return writeLockAs(task.lock.id, task.lock.canonical, task.format)
    case 'diff':
      return diffOf(task.from, task.to)
  }
}

/** About in bytes of a conda-lock file that would take as long. */
export function sizeOf(task: LockTask): number {
  switch (task.kind) {
    case 'open':
    case 'bundle':
      return task.body.byteLength
    case 'spec':
      // A text is YAML, which takes ten times as long as an object of that size.
      return typeof task.written === 'string'
        ? task.written.length * 2
        : JSON.stringify(task.written ?? null).length / 4
    case 'write':
      return task.lock.canonical.length
    case 'diff':
      return task.from.canonical.length + task.to.canonical.length
  }
}
