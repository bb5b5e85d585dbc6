// The maker, its installer or both are killed with SIGKILL at random moments: what is called made afterwards passes a look at every byte,
// and the next maker repairs whatever was left. Nothing of this is about what a disk keeps, so it is done in memory where that can be had:
// each make has the whole file system brought to disk, which is everybody's.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PinnedLock } from '@trotline/environment'
import { lookAtEnvironment } from '../../apps/worker/src/environment/look.ts'
import { removeEnvironment, removeTree } from '../../apps/worker/src/environment/remove.ts'
import { type ChannelServer, serveChannels } from '../support/channel-server.ts'
import { buildChannel, type CondaPackage, PLACEHOLDER } from '../support/conda-channel.ts'
import { bundleMaker, createPlace, type EnvironmentPlace, lockOfChannel } from '../support/environment-place.ts'

const ROUNDS = 30
/** Side by side, each with a place of its own: most of a round is waiting. */
const LANES = 2
const WHO = ['maker', 'installer', 'both'] as const

const FILES = 30
/** A third of the files have the prefix in them. */
const PACKAGES: readonly CondaPackage[] = Array.from({ length: 4 }, (_, i) => ({
  name: `package${i}`,
  version: '1.0',
  build: 'h0_0',
  depends: i === 0 ? [] : [`package${i - 1}`],
  ending: i % 2 === 0 ? '.conda' : '.tar.bz2',
  files: Object.fromEntries(
    Array.from({ length: FILES }, (_, n) => [
      `lib/package${i}/${n}.txt`,
      n % 3 === 0
        ? { content: `${n} at ${PLACEHOLDER}\n`.repeat(40), prefix: 'text' as const }
        : `${n} of ${i}\n`.repeat(200),
    ]),
  ),
}))

describe('environment-make-kills', () => {
  const home = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'trotline-kills-'))
  const seen = { made: 0, nothing: 0, killed: 0 }
  let maker: string
  let server: ChannelServer
  let lock: PinnedLock

  before(async () => {
    maker = await bundleMaker(join(home, 'release'))
    const channel = await buildChannel(join(home, 'channels', 'main'), PACKAGES)
    server = await serveChannels(join(home, 'channels'))
    lock = lockOfChannel(channel, `${server.url}/main`)
  })
  after(async () => {
    await server.close()
    await removeTree(home)
  })

  const marker = ({ root }: EnvironmentPlace): string => join(root, '.made', `${lock.id}.json`)
  const passes = async ({ root }: EnvironmentPlace, what: string): Promise<void> => {
    const look = await lookAtEnvironment(root, lock.id, 'bytes')
    assert.equal(look.drift, null, `${what}: ${JSON.stringify(look.drift)}`)
    assert.ok(look.looked >= PACKAGES.length * FILES)
  }
  /** As before the first: what was fetched stays in every second round. */
  const forget = async ({ root }: EnvironmentPlace, round: number): Promise<void> => {
    await removeEnvironment(root, lock.id)
    if (round % 2 === 1) return
    const packages = join(root, '.packages')
    for (const name of readdirSync(packages))
      if (name !== 'archives') rmSync(join(packages, name), { recursive: true, force: true })
  }
  const killedOnce = async (place: EnvironmentPlace, round: number, wholeMs: number): Promise<void> => {
    await forget(place, round)
    const who = WHO[round % WHO.length] ?? 'both'
    const afterMs = Math.random() * wholeMs
    const what = `round ${round}, ${who} after ${Math.round(afterMs)} of ${Math.round(wholeMs)} ms`
    const { child, ended } = place.start(lock)
    await sleep(afterMs)
    if (who !== 'installer') child.kill('SIGKILL')
    if (who !== 'maker') for (const pid of installersOf(place.prefix(lock.id), child.pid)) killed(pid)
    const { signal } = await ended
    if (signal === 'SIGKILL') seen.killed++
    // What a maker left behind may be at it still: only the marker says that something is there.
    if (existsSync(marker(place))) {
      seen.made++
      await passes(place, what)
    } else {
      seen.nothing++
      await assert.rejects(lookAtEnvironment(place.root, lock.id, 'bytes'), { code: 'missing' }, what)
    }
    const again = await place.make(lock, { attempt: 2 })
    assert.equal(again.code, 0, `${what}: ${again.stderr}\n${place.log(lock.id)}`)
    await passes(place, `${what}, and made again`)
    const beside = readdirSync(join(place.root, '.made')).filter(name => name.endsWith('.new'))
    assert.deepEqual(beside, [], what)
  }

  test('killed at 30 random moments, it never leaves an environment that does not pass, and the next maker repairs it', async t => {
    const began = performance.now()
    const lanes = Array.from({ length: LANES }, (_, lane) => createPlace(join(home, `lane-${lane}`), maker))
    const wholes = await Promise.all(
      lanes.map(async place => {
        const from = performance.now()
        assert.equal((await place.make(lock)).code, 0, 'the first, undisturbed')
        const wholeMs = performance.now() - from
        await passes(place, 'undisturbed')
        return wholeMs
      }),
    )
    let next = 0
    await Promise.all(
      lanes.map(async (place, lane) => {
        for (let round = next++; round < ROUNDS; round = next++) await killedOnce(place, round, wholes[lane] ?? 1000)
      }),
    )
    const seconds = (performance.now() - began) / 1000
    t.diagnostic(`a make takes ${Math.round(wholes[0] ?? 0)} ms; ${JSON.stringify(seen)}; ${seconds.toFixed(0)} s`)
    assert.ok(seen.nothing > 0, 'no kill came early enough to leave something half made')
  })
})

function installersOf(path: string, maker: number | undefined): number[] {
  return readdirSync('/proc').flatMap(name => {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid || pid === maker) return []
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(path) ? [pid] : []
    } catch {
      return []
    }
  })
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
