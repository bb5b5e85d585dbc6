// What all processes of an installation share about a cluster's limits, in one hand.
import type { Redis } from 'ioredis'
import { type Budget, createBudget } from './budget.ts'
import { type ConnectionSlots, createConnectionSlots } from './connection-slots.ts'
import type { Keys } from './keys.ts'
import { createPauses, type Pauses } from './pauses.ts'

export interface SharedLimits {
  budget: Budget
  slots: ConnectionSlots
  pauses: Pauses
}

export const createSharedLimits = (redis: Redis, keys: Keys, idempotencyMs: number): SharedLimits => ({
  budget: createBudget(redis, keys),
  slots: createConnectionSlots(redis, keys),
  pauses: createPauses(redis, keys, idempotencyMs),
})
