// How long a stage waits before it is tried again. Transient faults climb the ladder; when it ends the job is held.
// A cluster that cannot be reached is no fault of the job: such tries wait at the last rung for as long as it takes.

const RUNGS_MS = [
  1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 60_000, 120_000, 300_000, 300_000, 600_000,
] as const
const UNREACHABLE_RUNGS_MS = [1_000, 2_000, 5_000, 10_000, 15_000] as const
export const PATIENT_RUNGS_MS = [5_000, 10_000, 20_000, 40_000, 60_000] as const

/** Faults of the way to the cluster, not of the job: seen by every job of the cluster alike, shown in /readyz. */
const CLUSTER_FAULTS = new Set([
  'SSH_UNREACHABLE',
  'SSH_LOST',
  'SSH_TIMEOUT',
  'SSH_CHANNELS_REFUSED',
  'SSH_HOST_KEY',
  'SSH_AUTH',
  'SLURM_UNREACHABLE',
  'STORE_UNREACHABLE',
  'CLUSTER_RESTING',
  'CLUSTER_CEILING',
  'WORK_DIR_AWAY',
])

export const isClusterFault = (code: string): boolean => CLUSTER_FAULTS.has(code)

/** No fault at all: the site, or an operator, lets nothing more in for now. Waited out, however long it takes. */
const PATIENCE = new Set(['SITE_LIMIT', 'CLUSTER_PAUSED'])

export const isPatience = (code: string): boolean => PATIENCE.has(code)

const kindOf = (code: string): 'cluster' | 'patience' | 'job' =>
  isClusterFault(code) ? 'cluster' : isPatience(code) ? 'patience' : 'job'

/** Failed tries that count: those of this stage and of this kind, so that a night without the cluster uses up no job's ladder. */
export function triesBefore(
  trying: { readonly stage: string; readonly code: string; readonly tries: number } | null,
  stage: string,
  code: string,
): number {
  return trying?.stage === stage && kindOf(trying.code) === kindOf(code) ? trying.tries : 0
}

/** @param triesBefore tries of this stage that failed before this one. null: the ladder has ended. */
export function waitMs(code: string, transient: boolean, triesBefore: number): number | null {
  const last = (rungs: readonly number[]): number | null => rungs[Math.min(triesBefore, rungs.length - 1)] ?? null
  if (isClusterFault(code)) return last(UNREACHABLE_RUNGS_MS)
  if (isPatience(code)) return last(PATIENT_RUNGS_MS)
  if (!transient) return null
  return RUNGS_MS[triesBefore] ?? null
}
