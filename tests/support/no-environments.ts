// For jobs that need no environment: whoever asks about one fails.
import assert from 'node:assert/strict'
import type { JobEnvironments } from '../../apps/orchestrator/src/lifecycle/materialise-jobs.ts'

const unused = (): never => assert.fail('no job here needs an environment')

export const NO_ENVIRONMENTS: JobEnvironments = {
  stateOf: unused,
  want: unused,
  used: unused,
  drifted: unused,
  missed: unused,
}
