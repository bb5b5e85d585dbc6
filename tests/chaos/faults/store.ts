// Redis: killed with -9 and started again, and frozen for longer than a lease lives.
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis, stopRedis } from '../../../deploy/local/redis.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'

const FELT_MS = 20_000

/** A read that must come from the store is refused: 503, or no answer in time. */
async function isRefused(world: World, id: string): Promise<boolean> {
  for (const endMs = Date.now() + FELT_MS; Date.now() < endMs; await sleep(50)) {
    const answer = await fetch(`${world.servers[0]?.url}/readyz`, { signal: AbortSignal.timeout(1_500) }).catch(
      () => null,
    )
    if (answer === null || answer.status === 503) return true
    if ((await world.client.get(`/v1/jobs/${id}`)) === null) return true
  }
  return false
}

const killed: Fault = {
  name: 'redis-killed',
  track: 'service',
  async inject({ world, victims, random }) {
    const id = await victims.accepted({ epochs: 60 })
    await sleep(random.whole(0, 2_000))
    await stopRedis({ home: world.redisHome, signal: 'SIGKILL' })
    try {
      const felt = await isRefused(world, id)
      await sleep(random.whole(0, 4_000))
      return felt ? 1 : 0
    } finally {
      await startRedis({ home: world.redisHome })
    }
  },
}

/** Up to 16 s: a lease lives for 12, so the owner has to notice by its own clock. */
const frozen: Fault = {
  name: 'redis-frozen',
  track: 'service',
  async inject({ world, victims, random }) {
    const id = await victims.accepted({ epochs: 60 })
    const pid = world.redisPid()
    process.kill(pid, 'SIGSTOP')
    try {
      const felt = await isRefused(world, id)
      await sleep(random.whole(1, 14) * 1000)
      return felt ? 1 : 0
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  },
}

export const STORE_FAULTS: readonly Fault[] = [killed, frozen]
