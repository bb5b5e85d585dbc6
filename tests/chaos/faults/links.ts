// The way between server and sshd: cut at a byte, cut behind an exec, hung, slow, and sshd itself gone.
import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDaemon, stopDaemon } from '../../../deploy/local/cluster.ts'
import type { Direction } from '../link.ts'
import type { World } from '../world.ts'
import type { Fault, FaultSite } from './fault.ts'

const CUTS = 3
const FELT_MS = 45_000
/** A submission may stand behind a long batch. */
const CLAIM_MS = 120_000

/** Of a submission, as measured: its files and its step are some 25,000 bytes up, the answers some 6,000 down. */
const PHASE_BYTES: Record<Direction, number> = { up: 30_000, down: 8_000 }

/** True when a server came again after its connection was gone. */
async function comesAgain(world: World, before: number): Promise<boolean> {
  for (const endMs = Date.now() + FELT_MS; Date.now() < endMs; await sleep(50))
    if (acceptedBy(world) > before) return true
  return false
}
const acceptedBy = (world: World): number => world.links.reduce((sum, link) => sum + link.accepted, 0)

function cutAtBytes(direction: Direction): Fault {
  return {
    name: `ssh-cut-${direction}`,
    track: 'service',
    async inject({ world, victims, random }) {
      let felt = 0
      for (let i = 0; i < CUTS; i++) {
        const afterBytes = random.whole(1, PHASE_BYTES[direction])
        const before = acceptedBy(world)
        const rules = world.links.map(link => link.cutAfter({ direction, afterBytes }))
        // Something that flows: a submission from its first byte on.
        const submitting = victims.accepted({ epochs: 20, backend: 'auto' })
        const cut = await Promise.race([...rules.map(rule => rule.cut), sleep(FELT_MS, false)])
        for (const rule of rules) rule.disarm()
        await submitting
        if (cut && (await comesAgain(world, before))) felt++
      }
      return felt
    },
  }
}

/**
 * The moment that nothing else meets: the step runs on the cluster and its answer has no way back. The claim of a try in a
 * job directory tells that the step has begun; its receipt follows some 20 ms later.
 */
const cutBehindExec: Fault = {
  name: 'ssh-cut-behind-exec',
  track: 'service',
  async inject({ world, victims }) {
    let felt = 0
    for (let i = 0; i < CUTS; i++) {
      const before = acceptedBy(world)
      const id = await victims.accepted({ epochs: 20, backend: 'auto' })
      if (!(await claimAppears(world.jobDirectory(id)))) continue
      const cut = world.links.reduce((sum, link) => sum + link.cutNow(), 0)
      if (cut > 0 && (await comesAgain(world, before))) felt++
    }
    return felt
  },
}

async function claimAppears(directory: string): Promise<boolean> {
  for (const endMs = Date.now() + CLAIM_MS; Date.now() < endMs; await sleep(2)) {
    const files = await readdir(directory).catch(() => [])
    if (files.some(file => /^(tried-|\.claim-)/.test(file))) return true
  }
  return false
}

const hung: Fault = {
  name: 'ssh-hung',
  track: 'service',
  async inject(site) {
    return whileCarrying(site, 'hang', site.random.whole(4, 18) * 1000)
  },
}

const slow: Fault = {
  name: 'ssh-slow',
  track: 'service',
  async inject(site) {
    return whileCarrying(site, site.random.whole(4, 24) * 1024, site.random.whole(5, 12) * 1000)
  },
}

/** Felt where bytes went up again afterwards, or while it was slow: somebody had something to say all the while. */
async function whileCarrying({ world, victims }: FaultSite, how: 'hang' | number, ms: number): Promise<number> {
  for (const link of world.links) link.carry(how)
  const before = bytesUp(world)
  try {
    const submitting = victims.accepted({ epochs: 20, backend: 'auto' })
    await Promise.all([submitting, sleep(ms)])
  } finally {
    for (const link of world.links) link.carry('freely')
  }
  for (const endMs = Date.now() + FELT_MS; Date.now() < endMs; await sleep(50)) if (bytesUp(world) > before) return 1
  return 0
}
const bytesUp = (world: World): number => world.links.reduce((sum, link) => sum + link.bytesUp, 0)

const sshdStopped: Fault = {
  name: 'sshd-stopped',
  track: 'service',
  async inject({ world, victims, random }) {
    const before = acceptedBy(world)
    await stopDaemon(world.cluster.home, 'sshd')
    try {
      await victims.accepted({ epochs: 20, backend: 'auto' })
      await sleep(random.whole(1, 6) * 1000)
    } finally {
      await startDaemon(world.cluster.home, 'sshd')
    }
    return (await comesAgain(world, before)) ? 1 : 0
  },
}

export const LINK_FAULTS: readonly Fault[] = [
  cutAtBytes('up'),
  cutAtBytes('down'),
  cutBehindExec,
  hung,
  slow,
  sshdStopped,
]
