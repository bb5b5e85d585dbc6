// A log is live: whoever follows gets every byte as it lies in the file, however often the connection breaks, while one reader asks the cluster.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '@trotline/contracts'
import { sharedCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { ParsedEvents, readLog } from '../support/log-reader.ts'
import { createStory, type Story } from '../support/orchestrator.ts'

const FOLLOWERS = 1_000
/** So many of them by way of the stream of many topics. */
const STREAMED = 100
const BREAKS = 100
/** A listening socket's backlog has an end. */
const AT_ONCE = 50

// Progress bars, bytes that are no text, and a line of a megabyte with a character of three bytes at every border.
const PROGRAM = `
import os, sys, time
while not os.path.exists(sys.argv[1]): time.sleep(0.05)
out = sys.stdout.buffer
for i in range(60):
    out.write(f"\\repoch {i} \\u2593\\u2591 \\u597d \\U0001F980".encode())
    out.write(bytes([0xFF, 0x00, 0xC3, i]))
    if i % 10 == 9: out.write(b"\\n" + b"x" * 2000 + b"\\n")
    if i == 20: out.write("\\u2593".encode() * 350000 + b"\\n")
    out.flush()
    time.sleep(0.02)
out.write("the end, without a line end \\u2713".encode())
`

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test(`${FOLLOWERS} followers of a growing log get every byte in order through ${BREAKS} broken connections, and the cluster is read once`, async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster, settings: { limits: { sseClients: 2 * FOLLOWERS } } })
  const server = await story.start()
  const { api } = story
  const go = join(story.folder, 'go')
  const accepted = await api.submit({
    name: 'talks',
    cluster: 'local',
    resources: { partition: 'shared', timeLimitMinutes: 5 },
    training: { kind: 'command', command: ['python3', 'talk.py', go], files: { 'talk.py': PROGRAM } },
  })
  await eventually('the job runs', async () => (await api.job(accepted.id)).state === 'running')

  const began = performance.now()
  const parsed = new ParsedEvents(8)
  let breaks = 0
  const followed: Promise<string>[] = []
  for (let from = 0; from < FOLLOWERS; from += AT_ONCE) {
    const opened = Array.from({ length: AT_ONCE }, (_, i) => {
      const number = from + i
      // Every tenth, those of both ways among them, loses its connection somewhere in the first three quarters of a megabyte.
      const leaveAfterBytes = number % (FOLLOWERS / BREAKS) === 0 ? 300 + Math.floor(random(number) * 750_000) : null
      const options = { story, id: accepted.id, isStreamed: number < STREAMED, leaveAfterBytes, parsed }
      return new Promise<void>((resolve, reject) => {
        const one = followToTheEnd({ ...options, onOpen: resolve, onBreak: () => breaks++ })
        one.catch(reject)
        followed.push(one)
      })
    })
    await Promise.all(opened)
  }
  const before = await bytesRead(story)
  const allThere = performance.now()
  await writeFile(go, '')
  const hashes = await Promise.all(followed)
  const read = (await bytesRead(story)) - before
  const seconds = [allThere - began, performance.now() - allThere].map(ms => (ms / 1000).toFixed(1))

  const job = await api.ended(accepted.id, 'completed')
  const [run] = job.runs
  const file = await readFile(
    join(story.workDir, 'jobs', job.identity.unixUser, job.id, 'runs', run?.run ?? assert.fail('no run'), 'stdout'),
  )
  assert.ok(file.length > 1_050_000, `${file.length} bytes were written`)
  for (const got of hashes) assert.equal(got, sha256(file))
  assert.ok(breaks >= BREAKS, `${breaks} connections were broken`)
  // With what Slurm and the job's own files say.
  assert.ok(read < 1.5 * file.length, `${read} bytes were read from the cluster for a log of ${file.length}`)
  const peakMiB =
    Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]) / 1024
  t.diagnostic(`all there after ${seconds[0]} s, told to the end after ${seconds[1]} s`)
  t.diagnostic(`${read} bytes read for a log of ${file.length}; the server had ${Math.round(peakMiB)} MiB at most`)
  assert.ok(peakMiB < 1_000, `the server had ${peakMiB} MiB: a copy of the log for each follower`)
})

interface Following {
  story: Story
  id: string
  isStreamed: boolean
  /** null: it stays. */
  leaveAfterBytes: number | null
  parsed: ParsedEvents
  onOpen(): void
  onBreak(): void
}

/** @returns sha256 of what came, the connection broken once on the way */
async function followToTheEnd(following: Following): Promise<string> {
  const { story, id, isStreamed, parsed, onOpen, onBreak } = following
  const url = isStreamed
    ? `${story.api.url}/v1/stream?topic=${encodeURIComponent(`log:${id}:stdout`)}`
    : `${story.api.url}/v1/jobs/${id}/logs`
  const hash = createHash('sha256')
  let lastId: string | null = null
  let leaveAfterBytes = following.leaveAfterBytes ?? Number.POSITIVE_INFINITY
  let hasEnded = false
  while (!hasEnded) {
    const leaving = new AbortController()
    const how = await readLog(url, {
      token: story.token,
      lastId,
      leaveAfterBytes,
      parsed,
      onOpen,
      signal: leaving.signal,
      onEvent({ id: eventId, event, data, bytes }) {
        if (event === 'gone' || event === 'problem' || event === 'cut') assert.fail(`${event}: ${JSON.stringify(data)}`)
        lastId = eventId
        if (bytes !== null) hash.update(bytes)
        if (event !== 'end') return
        hasEnded = true
        // A stream of many topics goes on.
        leaving.abort()
      },
    })
    if (hasEnded) break
    if (how === 'busy') {
      await sleep(500)
      continue
    }
    assert.equal(how, 'left')
    onBreak()
    leaveAfterBytes = Number.POSITIVE_INFINITY
  }
  return hash.digest('hex')
}

/** From 0 to 1, the same for the same number (mulberry32). */
function random(seed: number): number {
  let t = (seed + 0x6d2b79f5) | 0
  t = Math.imul(t ^ (t >>> 15), t | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

async function bytesRead({ api }: Story): Promise<number> {
  const { body } = await api.answered<Cluster>('GET', '/v1/clusters/local')
  return body.footprint?.bytesIn ?? assert.fail('no footprint')
}
