// The deck: every fault the suite knows.
import type { Fault } from './fault.ts'
import { LINK_FAULTS } from './links.ts'
import { SERVER_FAULTS } from './servers.ts'
import { SLURM_DAEMON_FAULTS } from './slurm-daemons.ts'
import { SLURM_JOB_FAULTS } from './slurm-jobs.ts'
import { STORE_FAULTS } from './store.ts'
import { WORKER_FAULTS } from './workers.ts'

export const FAULTS: readonly Fault[] = [
  ...LINK_FAULTS,
  ...STORE_FAULTS,
  ...SERVER_FAULTS,
  ...SLURM_DAEMON_FAULTS,
  ...SLURM_JOB_FAULTS,
  ...WORKER_FAULTS,
]
