// Logs of a real cluster over its sshd, as people follow and search them: through a server process of its own.
import { mkdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { record } from '../support/job-records.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import type { Bench, BenchOptions } from './bench.ts'
import { benchCluster } from './cluster.ts'
import { hugeLog, LINES, NO_TEXT, writeLog } from './logs-files.ts'
import { followWays } from './logs-follow.ts'
import { measureFollowers } from './logs-followers.ts'
import { measureLooks } from './logs-looks.ts'
import { interleaved } from './rounds.ts'
import { openStore } from './store.ts'
import { comparison } from './table.ts'

const FOLLOWED_MIB = 256
const SEARCHED_MIB = 2_048
const HUGE_BYTES = 10_000_000_000

export const logs: Bench = {
  about: `A log of ${FOLLOWED_MIB} MiB is followed by one reader from its first byte to its end, beside OpenSSH's own ssh cat and the driver alone; looks
at the end and the middle of a log of 10 GB (sparse, with real lines at both places); a search through ${SEARCHED_MIB / 1024} GiB of lines; and a real job's
log that --jobs readers follow while it grows. All over the cluster's own sshd on loopback.`,
  usual: { rounds: 5, jobs: 1_000, seconds: 0 },
  small: { rounds: 1, jobs: 50, seconds: 0 },
  run,
}

async function run({ rounds, jobs: followers, scene, print }: BenchOptions): Promise<void> {
  const cluster = await benchCluster(scene)
  const story = await createStory(scene, {
    cluster,
    settings: { log: { level: 'info' }, limits: { sseClients: followers + 10 } },
  })
  scene.diagnostic('logs are written')
  const text = await endedJobWithLog(story)
  await writeLog(text.file, FOLLOWED_MIB, LINES)
  const noText = await endedJobWithLog(story)
  await writeLog(noText.file, FOLLOWED_MIB, NO_TEXT)
  const huge = await endedJobWithLog(story)
  await hugeLog(huge.file, HUGE_BYTES)
  const searched = await endedJobWithLog(story)
  await writeLog(searched.file, SEARCHED_MIB, LINES)
  const server = await story.start()
  const pid = server.process.pid ?? 0
  // The cluster is owned when it is first looked at.
  await story.api.log(text.id, '?tail=10')

  const { ways, shares } = followWays({
    cluster,
    story,
    pid,
    text,
    noText,
    megabytes: (FOLLOWED_MIB * 1_048_576) / 1e6,
  })
  await ways[0]?.measure(0)
  shares.clear()
  const measured = await interleaved(ways, rounds, scene.diagnostic)
  print(comparison(measured))
  print('')
  print(shares.table())
  print('')
  print(await measureLooks({ story, huge, hugeBytes: HUGE_BYTES, searched, rounds }))
  print('')
  print(await measureFollowers({ story, pid, followers, say: scene.diagnostic }))
}

export interface StoredLog {
  id: string
  file: string
}

async function endedJobWithLog(story: Story): Promise<StoredLog> {
  const { jobs, close } = await openStore(story.redis)
  const at = new Date(Date.now() - 3_600_000).toISOString()
  const unixUser = userInfo().username
  const run = {
    run: '1-0',
    attempt: 1,
    slurmJobId: '1',
    node: 'c01',
    resumed: null,
    startedAt: at,
    endedAt: at,
    ending: null,
  }
  const job = record({ state: 'completed', endedAt: at, identity: { name: 'default', unixUser }, runs: [run] })
  try {
    await jobs.create(
      job,
      [{ type: 'state', at, from: null, to: 'completed', detail: 'Stored for a measurement.', evidence: [] }],
      { secret: 'k'.repeat(43), idempotency: null },
    )
  } finally {
    close()
  }
  const folder = join(story.workDir, 'jobs', unixUser, job.id, 'runs/1-0')
  await mkdir(folder, { recursive: true })
  return { id: job.id, file: join(folder, 'stdout') }
}
