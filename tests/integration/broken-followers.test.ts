// Followers whose connections all break after the same few bytes, long before a whole block of the log came through: each brings them on.
import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { buildLogFrames } from '../../apps/orchestrator/src/http/environment-log-frames.ts'
import { createLogFiles, LOG_FILES } from '../../apps/orchestrator/src/streams/log-files.ts'
import { jobWithLog } from '../support/job-with-log.ts'
import { answerAsOwner } from '../support/local-owner.ts'
import { FrameSplitter, ParsedEvents, readLog } from '../support/log-reader.ts'
import { materialisation } from '../support/materialisations.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

/** Of an answer, body only. More than one chunk of a socket (64 KiB) and much less than a block. */
const CARRIED_BYTES = 100_000

// Characters of one to four bytes, so that no length is a multiple of the others.
const LINE = 'epoch 7 ▓░ loss 0.25 ü 好 🦀\n'
const LINE_BYTES = Buffer.byteLength(LINE)
const log = Buffer.from(LINE.repeat(12_000))

describe('followers whose connections break again and again', () => {
  let rig: RedisRig
  let store: Store
  let address: string
  let owner: Awaited<ReturnType<typeof answerAsOwner>>
  let id: string
  const folder = mkdtempSync(join(tmpdir(), 'trotline-broken-'))
  before(async () => {
    assert.ok(log.length > LOG_FILES.blockBytes + CARRIED_BYTES)
    rig = await createRedisRig()
    store = await rig.open()
    const app = await rig.serve(store, {}, { cluster: { workDir: folder } })
    owner = await answerAsOwner(store)
    address = await app.http.listen({ host: '127.0.0.1', port: 0 })
    id = (await jobWithLog(store, folder, log, 'completed')).id
  })
  after(async () => {
    await owner.close()
    await rig.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** What a connection brought before it broke. */
  interface Brought {
    parts: Buffer[]
    lastId: string | null
    hasEnded: boolean
  }

  async function readThrough(connection: (lastId: string | null) => Promise<Brought>, wanted = log): Promise<void> {
    const parts: Buffer[] = []
    let lastId: string | null = null
    for (let hasEnded = false; !hasEnded; ) {
      const brought = await connection(lastId)
      assert.ok(brought.hasEnded || brought.parts.length > 0, `a connection from ${lastId} on brought nothing`)
      for (const part of brought.parts) assert.ok(isUtf8(part), 'a character was cut')
      parts.push(...brought.parts)
      lastId = brought.lastId
      hasEnded = brought.hasEnded
    }
    assert.ok(Buffer.concat(parts).equals(wanted))
  }

  const over = (path: string) => async (lastId: string | null) => {
    const brought: Brought = { parts: [], lastId, hasEnded: false }
    const leaving = new AbortController()
    await readLog(`${address}${path}`, {
      token: TOKENS.ada,
      lastId,
      leaveAfterBytes: CARRIED_BYTES,
      signal: leaving.signal,
      onEvent({ id: eventId, event, bytes }) {
        brought.lastId = eventId
        if (bytes !== null) brought.parts.push(bytes)
        if (event !== 'end') return
        brought.hasEnded = true
        // A stream of many topics goes on.
        leaving.abort()
      },
    })
    return brought
  }

  test('get a log to its end', () => readThrough(over(`/v1/jobs/${id}/logs`)))

  test('get one to its end that they began in the middle, where the first event has to come through for there to be an id', () => {
    // Whole lines: it begins with a character.
    const wanted = log.subarray(-LINE_BYTES * Math.floor(LOG_FILES.blockBytes / LINE_BYTES))
    return readThrough(over(`/v1/jobs/${id}/logs?tail=${wanted.length}`), wanted)
  })

  test('get it to its end by way of the stream of many topics', () =>
    readThrough(over(`/v1/stream?topic=jobs&topic=${encodeURIComponent(`log:${id}:stdout:1:0`)}`)))

  test('get the log of an environment’s making to its end', () => {
    const files = createLogFiles()
    return readThrough(async lastId => {
      const brought: Brought = { parts: [], lastId, hasEnded: false }
      const leaving = new AbortController()
      const frames = buildLogFrames(
        {
          stateOf: async () => materialisation({ state: 'ready' }),
          open: () =>
            files.open('making', async (offset, bytes) => ({
              bytes: log.subarray(offset, offset + bytes),
              sizeBytes: log.length,
            })),
          start: Number(lastId ?? 0),
        },
        leaving.signal,
      )
      const [splitter, parsed] = [new FrameSplitter(), new ParsedEvents(0)]
      let taken = 0
      for await (const chunk of frames) {
        taken += chunk.length
        if (taken > CARRIED_BYTES) break
        for (const event of splitter.push(Buffer.from(chunk as string)).map(frame => parsed.of(frame))) {
          if (event === null) continue
          brought.lastId = event.id
          brought.hasEnded ||= event.event === 'end'
          if (event.bytes !== null) brought.parts.push(event.bytes)
        }
      }
      leaving.abort()
      return brought
    })
  })
})
