// Slurm and SSH, and nothing else: a scheduler over a transport. Usable by any program.
// What is not exported here is nobody's business outside this room.
export type { AccountedJob, Accounting, AccountQuery } from './commands/sacct.ts'
export type { SlurmFacts } from './commands/scontrol-config.ts'
export type { PartitionRules } from './commands/scontrol-partition.ts'
export type { NodeGroup, Partition } from './commands/sinfo.ts'
export type { SlurmJob } from './commands/squeue.ts'
export type { PendingJob } from './commands/squeue-pending.ts'
export { SLURM_ERRORS, SlurmError, type SlurmErrorCode } from './errors.ts'
export type { ArrayTask } from './formats/array-id.ts'
export type { SlurmDuration } from './formats/duration.ts'
export type { ExitCode } from './formats/exit-code.ts'
export type { Gres } from './formats/gres.ts'
export { expandHostlist } from './formats/hostlist.ts'
export { createLocalTransport } from './local-transport.ts'
export { shellQuote } from './shell-quote.ts'
export { createSlurmScheduler, type SlurmScheduler, type SlurmSchedulerOptions } from './slurm-scheduler.ts'
export { createSsh2Transport, type Ssh2TransportOptions } from './ssh2-transport.ts'
export { type Ending, endingOf, isSlurmState, type JobState, type Phase, phaseOf } from './states.ts'
export { type SubmitOrder, type SubmitOutcome, submitSteps, wasNotTried } from './submit-once.ts'
export type {
  CommandResult,
  ExecOptions,
  FileSlice,
  Lane,
  PutContent,
  Transport,
  TransportHealth,
} from './transport.ts'
