// The largest channels there are: their repodata is read in a thread, in bounded memory, while the server goes on. The thread itself is real
// here, as are the sockets that the documents come over.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { after, before, test } from 'node:test'
import type { SolveProgress } from '@trotline/contracts'
import { EnvironmentsSettings } from '../../apps/orchestrator/src/environment-settings.ts'
import { type Channels, createChannels } from '../../apps/orchestrator/src/solving/channels/channels.ts'
import { openIndex } from '../../apps/orchestrator/src/solving/channels/repodata-index.ts'
import { type ChannelServer, serveChannels } from '../support/channel-server.ts'
import { buildSyntheticChannel } from '../support/conda-channel.ts'
import { ranMs } from '../support/waited.ts'

const MIB = 1024 * 1024
const LONGEST_BLOCK_MS = 100
/** What blocks of itself does so each time; on a busy machine everything computes longer now and then. */
const TRIES = 3

const folder = mkdtempSync(join(tmpdir(), 'trotline-large-'))
const served = join(folder, 'served')
let server: ChannelServer
before(async () => {
  server = await serveChannels(served)
})
after(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

function channelsIn(directory: string, name: string): Channels {
  const settings = { directory, channels: [{ name, url: `${server.url}/${name}` }] }
  return createChannels(EnvironmentsSettings.parse(settings), { log: { info: () => undefined, warn: () => undefined } })
}

interface Measured {
  /** The longest delay of the event loop. */
  blockMs: number
  /**
   * The most that this thread has computed between two turns of a timer. What blocks the loop does so by computing; the time that passes
   * meanwhile is longer on a loaded machine, where this thread waits for a processor, or for another thread that waits for one.
   */
  ownBlockMs: number
  growthMiB: number
}

const LOOK_EVERY_MS = 10

async function measured(work: () => Promise<void>): Promise<Measured> {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  const before = process.memoryUsage.rss()
  let most = before
  let ownBlockMs = 0
  let lastMs = ranMs()
  const looking = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
    const nextMs = ranMs()
    ownBlockMs = Math.max(ownBlockMs, nextMs - lastMs)
    lastMs = nextMs
  }, LOOK_EVERY_MS)
  delay.enable()
  try {
    await work()
  } finally {
    delay.disable()
    clearInterval(looking)
  }
  return { blockMs: delay.max / 1e6, ownBlockMs, growthMiB: (most - before) / MIB }
}

for (const [records, mostGrowthMiB] of [
  [20_000, 200],
  [500_000, 400],
] as const)
  test(`repodata of ${records} records is read while the event loop is never blocked over ${LONGEST_BLOCK_MS} ms`, {
    timeout: 540_000,
  }, async t => {
    const name = `synthetic-${records}`
    await buildSyntheticChannel(join(served, name), { records, zst: true })
    const document = join(served, name, 'linux-64/repodata.json')
    const bytes = statSync(document).size
    const blocks: number[] = []
    for (const packing of ['zst', 'plain', 'zst again'].slice(0, TRIES)) {
      if (packing === 'plain') server.behave(/\.zst$/, { kind: 'status', status: 404 })
      else server.behaveWell()
      const directory = mkdtempSync(join(folder, 'kept-'))
      const channels = channelsIn(directory, name)
      const startMs = performance.now()
      const { blockMs, ownBlockMs, growthMiB } = await measured(async () => {
        const { files } = await channels.repodata([name], 'linux-64', 'cached')
        assert.equal(files[0]?.records, records)
        assert.equal(files[0]?.bytes, bytes)
      })
      t.diagnostic(
        `${packing}: ${Math.round(bytes / MIB)} MiB in ${((performance.now() - startMs) / 1000).toFixed(1)} s, longest block ${blockMs.toFixed(0)} ms (${ownBlockMs.toFixed(0)} ms of its own), ${growthMiB.toFixed(0)} MiB more memory`,
      )
      assert.ok(growthMiB < mostGrowthMiB, `${growthMiB} MiB more for ${bytes / MIB} MiB`)
      await channels.close()
      // As after a restart: the kept document is proved by its hash, and the index read, in this process.
      const later = channelsIn(directory, name)
      const { ownBlockMs: keptOwnBlockMs } = await measured(async () => {
        const { files } = await later.repodata([name], 'linux-64', 'cached')
        const index = openIndex(files[0] as (typeof files)[number])
        const top = `synth${records / 20 - 1}`
        assert.equal(index.records(top).length, 20)
        assert.ok(index.needs(top).length > 1)
        index.close()
      })
      await later.close()
      blocks.push(Math.max(ownBlockMs, keptOwnBlockMs))
    }
    assert.ok(Math.min(...blocks) < LONGEST_BLOCK_MS, `blocked for ${blocks.map(Math.round).join(', ')} ms`)
    if (records > 100_000) rmSync(join(served, name), { recursive: true })
  })

test('a document that nobody waits for any more is not read to its end, and nothing is left of it', async () => {
  const name = 'left'
  await buildSyntheticChannel(join(served, name), { records: 200_000 })
  server.behaveWell()
  const directory = mkdtempSync(join(folder, 'kept-'))
  const channels = channelsIn(directory, name)
  const leaving = new AbortController()
  const onProgress = (one: SolveProgress): void => {
    // Once it is being indexed: the download is over, and the thread in the middle of its work.
    if (one.step === 'index' && one.records > 0) leaving.abort()
  }
  await assert.rejects(channels.repodata([name], 'linux-64', 'cached', { signal: leaving.signal, onProgress }), {
    code: 'SOLVE_CANCELLED',
  })
  const left = readdirSync(directory, { recursive: true }).map(String)
  assert.deepEqual(
    left.filter(one => one.endsWith('.part')),
    [],
  )
  assert.ok(left.filter(one => /^repodata\/.*json$/.test(one)).length <= 1, 'at most the small document of noarch')
  assert.equal((await channels.repodata([name], 'linux-64', 'cached')).files[0]?.records, 200_000)
  await channels.close()
})
