// The server processes: killed at any time, killed at every point that its own code names, frozen past the lease.
import { setTimeout as sleep } from 'node:timers/promises'
import { CRASH_POINTS, type CrashPoint } from '../../../apps/orchestrator/src/index.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'

/** Its start included, which was seen to take over a minute at a load of 27. */
const DIES_WITHIN_MS = 240_000

const killed: Fault = {
  name: 'server-killed',
  track: 'service',
  async inject({ world, victims, random }) {
    await victims.accepted({ epochs: 60 })
    await sleep(random.whole(0, 3_000))
    let felt = 0
    // One of them owns the cluster; now and then both go at once.
    const seats = random.chance(0.3) ? world.servers : [random.pick(world.servers)]
    for (const seat of seats) {
      const { starts } = seat
      if (!seat.signal('SIGKILL')) continue
      if ((await seat.ended(10_000)) === 'SIGKILL') felt++
      for (const endMs = Date.now() + 10_000; seat.starts === starts && Date.now() < endMs; ) await sleep(50)
      await seat.start()
    }
    return felt
  },
}

/** Longer than its lease lives: the other one takes over, and what this one held in its hands is old when it wakes. */
const frozen: Fault = {
  name: 'server-frozen',
  track: 'service',
  async inject({ world, victims, random }) {
    const owner = ownerOf(world)
    const other = world.servers.find(seat => seat !== owner)
    if (owner === null || other === undefined) return 0
    await victims.accepted({ epochs: 60 })
    await sleep(random.whole(0, 400))
    const before = world.links[other.index]?.accepted ?? 0
    owner.signal('SIGSTOP')
    try {
      let tookOver = false
      for (const endMs = Date.now() + 40_000; Date.now() < endMs && !tookOver; await sleep(100))
        tookOver = (world.links[other.index]?.accepted ?? 0) > before
      await sleep(random.whole(0, 3_000))
      return tookOver ? 1 : 0
    } finally {
      owner.signal('SIGCONT')
    }
  },
}

/** Whose link carries connections. */
function ownerOf(world: World) {
  return world.servers.find(seat => (world.links[seat.index]?.live ?? 0) > 0) ?? null
}

/** A fault each: every point has to be met, not just some. */
const atPoint = (point: CrashPoint): Fault => ({
  name: `server-killed-at-${point.replace(':', '-')}`,
  track: 'service',
  async inject({ world, victims, random }) {
    const doomed = random.pick(world.servers)
    // Alone, so that it is the one that owns the cluster; both had given their leases back.
    await Promise.all(world.servers.map(seat => seat.stop('SIGTERM')))
    try {
      await doomed.start({ crashAt: point })
      const victim = victims.accepted({ epochs: 20, backend: 'auto' })
      const how = await doomed.ended(DIES_WITHIN_MS)
      await doomed.stop('SIGKILL')
      await Promise.all(world.servers.map(seat => seat.start()))
      await victim
      return how === 'SIGKILL' ? 1 : 0
    } finally {
      await Promise.all(world.servers.map(seat => seat.start()))
    }
  },
})

export const SERVER_FAULTS: readonly Fault[] = [killed, frozen, ...CRASH_POINTS.map(atPoint)]
