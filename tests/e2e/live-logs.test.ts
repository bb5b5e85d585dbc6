// A log is live: whoever follows gets every byte as it lies in the file, however often the connection breaks, while one reader asks the cluster.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharedCluster } from '../support/cluster.ts'
import { createStory } from '../support/orchestrator.ts'

const FOLLOWERS = 20
const BREAKS = 100

// Progress bars, text of many bytes a character, bytes that are no text, a long line.
const PROGRAM = `
import sys, time
out = sys.stdout.buffer
for i in range(120):
    out.write(f"\\repoch {i} \u2593\u2591 \u597d U0001F980".encode())
    out.write(bytes([0xFF, 0x00, 0xC3, i]))
    if i % 10 == 9: out.write(b"\\n" + b"x" * 20000 + b"\\n")
    out.flush()
    time.sleep(0.05)
out.write("the end, without a line end \u2713".encode())
`

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test(`${FOLLOWERS} followers of a growing log get every byte in order through ${BREAKS} broken connections`, async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { api, token } = story
  const accepted = await api.submit({
    name: 'talks',
    cluster: 'local',
    resources: { partition: 'shared', timeLimitMinutes: 5 },
    training: { kind: 'command', command: ['python3', 'talk.py'], files: { 'talk.py': PROGRAM } },
  })

  let breaks = 0
  const follow = async (seed: number): Promise<string> => {
    const parts: Buffer[] = []
    let lastId: string | null = null
    let turn = 0
    for (;;) {
      turn += 1
      const leaveAfter = breaks < BREAKS ? 1 + ((seed * 31 + turn * 17) % 9) : Number.POSITIVE_INFINITY
      let taken = 0
      for await (const { id, event, data } of logEvents(`${api.url}/v1/jobs/${accepted.id}/logs`, token, lastId)) {
        lastId = id
        if (event === 'end') return sha256(Buffer.concat(parts))
        if (event === 'log')
          parts.push('text' in data ? Buffer.from(String(data.text)) : Buffer.from(String(data.base64), 'base64'))
        if (++taken >= leaveAfter) {
          breaks += 1
          break
        }
      }
    }
  }
  const followed = await Promise.all(Array.from({ length: FOLLOWERS }, (_, seed) => follow(seed)))
  const job = await api.ended(accepted.id, 'completed')
  const [run] = job.runs
  const file = await readFile(
    join(story.workDir, 'jobs', job.identity.unixUser, job.id, 'runs', run?.run ?? assert.fail('no run'), 'stdout'),
  )
  assert.ok(file.length > 200_000, `${file.length} bytes were written`)
  for (const got of followed) assert.equal(got, sha256(file))
  assert.ok(breaks >= BREAKS, `${breaks} connections were broken`)
})

async function* logEvents(url: string, token: string, lastId: string | null) {
  const leaving = new AbortController()
  const answer = await fetch(url, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      ...(lastId === null ? {} : { 'last-event-id': lastId }),
    },
    signal: leaving.signal,
  })
  assert.equal(answer.status, 200)
  try {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body ?? assert.fail('no body')) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = new Map(
          text
            .slice(0, end)
            .split('\n')
            .map(line => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
        )
        text = text.slice(end + 2)
        const [id, data] = [fields.get('id'), fields.get('data')]
        if (id !== undefined && data !== undefined)
          yield { id, event: fields.get('event') ?? '', data: JSON.parse(data) as Record<string, unknown> }
      }
    }
  } finally {
    leaving.abort()
  }
}
