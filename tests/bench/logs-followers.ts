// A real job's log that many follow while it grows: what each of them costs the server, and how far behind they are.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster } from '@trotline/contracts'
import { eventually } from '../support/eventually.ts'
import { ParsedEvents, readLog } from '../support/log-reader.ts'
import type { Story } from '../support/orchestrator.ts'
import { cpuSeconds, residentMiB } from './process-figures.ts'
import { percentile, shown } from './rounds.ts'
import { table } from './table.ts'

const LINES_PER_SECOND = 200
const SECONDS = 10

const PROGRAM = `
import os, sys, time
while not os.path.exists(sys.argv[1]): time.sleep(0.05)
for i in range(${LINES_PER_SECOND * SECONDS}):
    print(f"{time.time():.3f} epoch {i} loss 0.123456 " + "." * 60, flush=True)
    time.sleep(${1 / LINES_PER_SECOND})
`

/** One at a time for each of so many: a listening socket's backlog has an end. */
const AT_ONCE = 50

interface Followers {
  story: Story
  pid: number
  followers: number
  say(line: string): void
}

export async function measureFollowers({ story, pid, followers, say }: Followers): Promise<string> {
  const go = join(story.folder, 'go')
  const { id } = await story.api.submit({
    name: 'talks',
    cluster: 'local',
    resources: { partition: 'shared', timeLimitMinutes: 10 },
    training: { kind: 'command', command: ['python3', 'talk.py', go], files: { 'talk.py': PROGRAM } },
  })
  await eventually('the job runs', async () => (await story.api.job(id)).state === 'running')
  const alone = residentMiB(pid)
  say(`${followers} followers come`)
  const parsed = new ParsedEvents(8)
  const agesMs: number[] = []
  let bytes = 0
  const url = `${story.api.url}/v1/jobs/${id}/logs`
  const began = performance.now()
  const reading: Promise<unknown>[] = []
  for (let from = 0; from < followers; from += AT_ONCE) {
    const opened = Array.from(
      { length: Math.min(AT_ONCE, followers - from) },
      () =>
        new Promise<void>((resolve, reject) => {
          const read = readLog(url, {
            token: story.token,
            parsed,
            onOpen: resolve,
            onEvent: event => {
              bytes += event.bytes?.length ?? 0
              const written = lastStamp(event.bytes)
              if (written !== null) agesMs.push(Date.now() - written)
            },
          })
          reading.push(read)
          read.catch(reject)
        }),
    )
    await Promise.all(opened)
  }
  const comingSeconds = (performance.now() - began) / 1000
  const quiet = residentMiB(pid)
  const cpu = cpuSeconds(pid)
  const readBefore = await bytesRead(story)
  await writeFile(go, '')
  const start = performance.now()
  let most = quiet
  const watching = setInterval(() => {
    most = Math.max(most, residentMiB(pid))
  }, 250)
  await Promise.all(reading)
  clearInterval(watching)
  const seconds = (performance.now() - start) / 1000
  const share = (100 * (cpuSeconds(pid) - cpu)) / seconds
  const lengthBytes = bytes / followers
  const perFollower = (mebibytes: number): string => `${shown((1024 * (mebibytes - alone)) / followers)} KiB`
  return table(
    [`${followers} followers, ${LINES_PER_SECOND} lines/s for ${SECONDS} s`, ''],
    [
      ['all are there after', `${shown(comingSeconds)} s`],
      ['memory of each, while nothing is written', perFollower(quiet)],
      ['memory of each, at most', perFollower(most)],
      ['line written to follower, half', `${shown(percentile(agesMs, 0.5))} ms`],
      ['99 of 100', `${shown(percentile(agesMs, 0.99))} ms`],
      ['server, % of a core', shown(share)],
      ['delivered', `${shown(bytes / 1e6)} MB`],
      ['read from the cluster, of the log', `${shown(((await bytesRead(story)) - readBefore) / lengthBytes)} x`],
    ],
  )
}

/** When the last line of these bytes was written, in ms since 1970. */
function lastStamp(bytes: Buffer | null): number | null {
  if (bytes === null) return null
  const [, seconds] = /(\d{10}\.\d{3}) epoch [^\n]*\n?$/.exec(bytes.toString('latin1').slice(-200)) ?? []
  return seconds === undefined ? null : Number(seconds) * 1000
}

async function bytesRead(story: Story): Promise<number> {
  const { body } = await story.api.answered<Cluster>('GET', '/v1/clusters/local')
  return body.footprint?.bytesIn ?? Number.NaN
}
