// Which jobs flow while faults come: drawn from the seed, each with what its caller wishes of it.
import type { Random } from './random.ts'

/** What the caller wants beside the training; the auditor holds the record to it. */
export interface Wish {
  /** Milliseconds after the id was acknowledged; null: never. */
  cancelAfterMs: number | null
  /** It asks for what Slurm does not have: it must be refused with a reason, and must not run. */
  refusable: boolean
}

export interface JobPlan {
  key: string
  request: Record<string, unknown>
  wish: Wish
  /** The same POST is sent once more, so long after the first answer. null: never. */
  repeatAfterMs: number | null
}

/** Features that exist on the cluster, in no node of the partition: Slurm answers BadConstraints, and leaves a FAILED row behind. */
const NOT_IN_SHARED = 'icelake'

export function drawJob(random: Random, number: number, runName: string): JobPlan {
  const preset = random.chance(0.7) ? 'auto-mpg' : 'linear-regression'
  const kind = random.next()
  const refusable = kind < 0.06
  const short = random.chance(0.6)
  const epochs = short ? random.whole(20, 120) : random.whole(120, 400)
  // The cpu backend takes tens of milliseconds an epoch: something is under way when a fault comes.
  const backend = preset === 'auto-mpg' && random.chance(0.3) ? 'cpu' : 'auto'
  const resources: Record<string, unknown> = {
    partition: random.chance(0.25) ? 'scavenger' : 'shared',
    cpus: 1,
    memoryMiB: 1024,
    // A run that Slurm forgets while it trains is waited for until this and a margin have passed.
    timeLimitMinutes: 4,
    requeue: !random.chance(0.2),
  }
  if (refusable) {
    resources.partition = 'shared'
    resources.constraint = random.chance(0.5) ? 'nosuchfeature' : NOT_IN_SHARED
  } else if (kind < 0.16) {
    // Waits in Slurm for a while before it starts.
    resources.beginAt = new Date(Date.now() + random.whole(4, 12) * 1000).toISOString()
  }
  return {
    key: `${runName}-${number}`,
    request: {
      name: preset,
      cluster: 'local',
      resources,
      training: {
        kind: 'preset',
        preset,
        epochs: backend === 'cpu' ? Math.min(epochs, 200) : epochs,
        seed: random.whole(0, 3),
        backend,
      },
    },
    wish: { cancelAfterMs: !refusable && random.chance(0.15) ? random.whole(0, 8_000) : null, refusable },
    repeatAfterMs: random.chance(0.2) ? random.whole(0, 5_000) : null,
  }
}

/** Long enough to be hit while it trains, wherever the fault needs it to run. */
export function victimPlan(
  random: Random,
  key: string,
  {
    epochs = 400,
    backend = 'cpu',
    resources = {},
  }: { epochs?: number; backend?: string; resources?: Record<string, unknown> } = {},
): JobPlan {
  return {
    key,
    request: {
      name: 'victim',
      cluster: 'local',
      // As above; the longest of them trains for a minute or two on two loaded cores.
      resources: { partition: 'shared', cpus: 1, memoryMiB: 1024, timeLimitMinutes: 6, ...resources },
      training: { kind: 'preset', preset: 'auto-mpg', epochs, seed: random.whole(0, 3), backend },
    },
    wish: { cancelAfterMs: null, refusable: false },
    repeatAfterMs: null,
  }
}
