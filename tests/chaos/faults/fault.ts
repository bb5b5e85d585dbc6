// What a fault is: done once, felt by somebody, mended before it answers.
import type { Random } from '../random.ts'
import type { Victims } from '../victims.ts'
import type { World } from '../world.ts'

/** One of each at a time: what breaks the way to the cluster, and what breaks the cluster. */
export type Track = 'service' | 'cluster'

export interface FaultSite {
  world: World
  victims: Victims
  random: Random
}

export interface Fault {
  readonly name: string
  readonly track: Track
  /** Why it cannot be done here, for people; null: it can. */
  unavailable?(): string | null
  /** Answers how many effects were seen, not how many were tried: 0 makes the run fail. */
  inject(site: FaultSite): Promise<number>
}
