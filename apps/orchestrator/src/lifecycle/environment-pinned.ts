// What a job's environment stands for once it was looked up or solved: a lock, and the name that it was asked for by.
import type { EnvironmentLock } from '@trotline/contracts'
import type { PinnedLock } from '@trotline/environment'

export interface PinnedEnvironment extends PinnedLock {
  /** `ml@3`; null: it was asked for by its id or by a spec. */
  name: string | null
}

/** Which of `packagesOfLock` is judged: requirements of the nodes are held against them by environment-fit.ts, in our own words. */
export const withoutRequirements = (lock: EnvironmentLock): EnvironmentLock => ({ ...lock, virtualPackages: [] })
