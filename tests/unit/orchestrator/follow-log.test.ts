import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '@trotline/contracts'
import { idOf, logFrames } from '../../../apps/orchestrator/src/http/log-frames.ts'
import type { JobStore } from '../../../apps/orchestrator/src/store/job-store.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import type { Changes } from '../../../apps/orchestrator/src/streams/changes.ts'
import {
  followLog,
  type LogCursor,
  type LogFollowed,
  type LogSources,
  type LogWanted,
} from '../../../apps/orchestrator/src/streams/follow-log.ts'
import { createLogFiles, LOG_FILES } from '../../../apps/orchestrator/src/streams/log-files.ts'
import { AT, record } from '../../support/job-records.ts'

const run = (attempt: number, over: Partial<Run> = {}): Run => ({
  run: `1-${attempt - 1}`,
  attempt,
  slurmJobId: '7',
  node: `n${attempt}`,
  resumed: null,
  startedAt: AT,
  endedAt: null,
  ending: null,
  ...over,
})

/** A job that a test moves on, and the files of its runs. */
function world(first: Partial<JobRecord> = {}) {
  let job = record({ state: 'running', ...first })
  const logs = new Map<string, Buffer>()
  const changed = new Set<() => void>()
  const sources: LogSources = {
    jobs: { read: async () => job } as unknown as JobStore,
    changes: {
      of() {
        let said = false
        const tell = (): void => {
          said = true
        }
        changed.add(tell)
        return {
          async next(limitMs: number) {
            for (const untilMs = performance.now() + Math.min(limitMs, 50); !said && performance.now() < untilMs; )
              await sleep(2)
            const was = said
            said = false
            return was
          },
          close: () => void changed.delete(tell),
        }
      },
    } satisfies Pick<Changes, 'of'>,
    owner: {
      async readAt(_cluster, { path, offset, lengthBytes }) {
        const log = logs.get(path)
        return log ? { bytes: log.subarray(offset, offset + lengthBytes), sizeBytes: log.length } : null
      },
    },
    files: createLogFiles({ ...LOG_FILES, quietMs: [1, 5] }),
    workDirOf: () => '/w',
  }
  const pathOf = (attempt: number, stream: string): string =>
    `/w/jobs/${job.identity.unixUser}/${job.id}/runs/1-${attempt - 1}/${stream}`
  return {
    sources,
    followers: () => changed.size,
    become(over: Partial<JobRecord>) {
      job = { ...job, ...over }
      for (const tell of changed) tell()
    },
    write(attempt: number, text: string | Uint8Array, stream = 'stdout') {
      const path = pathOf(attempt, stream)
      logs.set(path, Buffer.concat([logs.get(path) ?? Buffer.alloc(0), Buffer.from(text as string)]))
    },
    cut(attempt: number) {
      logs.set(pathOf(attempt, 'stdout'), Buffer.alloc(0))
    },
    follow(from: LogCursor | null = null, wanted: Partial<LogWanted> = {}, signal = new AbortController().signal) {
      const all = { stream: 'stdout', attempt: null, from, pieceBytes: 16, idleMs: 20, ...wanted } as const
      return followLog(sources, job.id, all, signal)
    },
  }
}

const ended = { endedAt: AT, ending: 'COMPLETED' }

async function all(following: AsyncIterable<LogFollowed>, each?: (one: LogFollowed) => void): Promise<string[]> {
  const told: string[] = []
  let text = Buffer.alloc(0)
  const flush = (): void => {
    if (text.length > 0) told.push(text.toString('utf8'))
    text = Buffer.alloc(0)
  }
  for await (const one of following) {
    each?.(one)
    if (one.kind === 'bytes') text = Buffer.concat([text, one.bytes])
    else if (one.kind !== 'idle') {
      flush()
      told.push(one.kind === 'attempt' ? `attempt ${one.attempt} on ${one.node}` : `${one.kind} ${one.attempt}`)
    }
  }
  flush()
  return told
}

describe('following a log', () => {
  test('what is there comes first, then what is written, then the end', async () => {
    const at = world({ runs: [run(1)] })
    at.write(1, 'epoch 0\nepoch 1\n')
    const reading = all(at.follow())
    await sleep(20)
    at.write(1, 'epoch 2\n')
    await sleep(20)
    at.become({ state: 'completed', runs: [run(1, ended)] })
    assert.deepEqual(await reading, ['attempt 1 on n1', 'epoch 0\nepoch 1\nepoch 2\n', 'end 1'])
    assert.equal(at.followers(), 0)
    assert.equal(at.sources.files.count, 0)
  })

  test('a new attempt is marked, after every byte of the one before it', async () => {
    const at = world({ runs: [run(1)] })
    at.write(1, 'first')
    const reading = all(at.follow())
    await sleep(20)
    at.become({ runs: [run(1, ended), run(2)] })
    at.write(1, ', last words')
    at.write(2, 'second')
    await sleep(50)
    at.become({ state: 'completed', runs: [run(1, ended), run(2, ended)] })
    assert.deepEqual(await reading, ['attempt 1 on n1', 'first, last words', 'attempt 2 on n2', 'second', 'end 2'])
  })

  test('no character of UTF-8 is cut, wherever the pieces and the writes end, and a half one at the very end is told', async () => {
    const at = world({ runs: [run(1)] })
    const whole = Buffer.from('loss 0.5 → 0.25 ░▒▓█ 好 🦀 '.repeat(4))
    const reading: LogFollowed[] = []
    const done = (async () => {
      for await (const one of at.follow(null, { pieceBytes: 7 })) reading.push(one)
    })()
    for (const byte of whole) {
      at.write(1, Uint8Array.of(byte))
      if (byte % 5 === 0) await sleep(1)
    }
    at.write(1, Uint8Array.of(0xf0, 0x9f))
    await sleep(20)
    at.become({ state: 'failed', runs: [run(1, ended)] })
    await done
    const pieces = reading.flatMap(one => (one.kind === 'bytes' ? [one.bytes] : []))
    assert.deepEqual(Buffer.concat(pieces), Buffer.concat([whole, Buffer.of(0xf0, 0x9f)]))
    const strict = new TextDecoder('utf-8', { fatal: true })
    for (const piece of pieces.slice(0, -1)) strict.decode(piece)
    assert.deepEqual(pieces.at(-1), Buffer.of(0xf0, 0x9f))
  })

  test('a reader that comes back at any event gets the rest and nothing twice', async () => {
    const at = world({ state: 'completed', runs: [run(1, ended), run(2, ended)] })
    at.write(1, 'one two three four five\n')
    at.write(2, 'six seven eight\r nine\n')
    const events: LogFollowed[] = []
    await all(at.follow({ attempt: 1, offset: 0 }), one => events.push(one))
    const cursors = events.flatMap((one): LogCursor[] =>
      one.kind === 'bytes' ? [{ attempt: one.attempt, offset: one.offset + one.bytes.length }] : [],
    )
    assert.ok(cursors.length >= 4)
    for (const cursor of cursors) {
      const [before, after] = [events, [] as LogFollowed[]]
      await all(at.follow(cursor), one => after.push(one))
      const bytesOf = (list: readonly LogFollowed[]): string =>
        list
          .flatMap(one => (one.kind === 'bytes' ? [`${one.attempt}:${Buffer.from(one.bytes).toString()}`] : []))
          .join('|')
      const whole = before.slice(
        before.findIndex(
          one =>
            one.kind === 'bytes' &&
            idOf({ attempt: one.attempt, offset: one.offset + one.bytes.length }) === idOf(cursor),
        ) + 1,
      )
      assert.equal(bytesOf(after), bytesOf(whole), `after ${idOf(cursor)}`)
    }
  })

  test('a file that the job cut short is told from its beginning again, with a mark', async () => {
    const at = world({ runs: [run(1)] })
    at.write(1, 'to be forgotten')
    const reading = all(at.follow())
    await sleep(30)
    at.cut(1)
    await sleep(30)
    at.write(1, 'anew')
    await sleep(30)
    at.become({ state: 'completed', runs: [run(1, ended)] })
    assert.deepEqual(await reading, ['attempt 1 on n1', 'to be forgotten', 'cut 1', 'anew', 'end 1'])
  })

  test('a job that has not begun is waited for, and one that never begins ends the stream', async () => {
    const waiting = world({ state: 'pending', runs: [] })
    const reading = all(waiting.follow())
    await sleep(20)
    waiting.write(1, 'here')
    waiting.become({ state: 'completed', runs: [run(1, ended)] })
    assert.deepEqual(await reading, ['attempt 1 on n1', 'here', 'end 1'])
    const never = world({ state: 'cancelled', runs: [] })
    assert.deepEqual(await all(never.follow()), ['end 0'])
  })

  test('of one attempt nothing of the next is told', async () => {
    const at = world({ runs: [run(1, ended), run(2)] })
    at.write(1, 'one')
    at.write(2, 'two')
    assert.deepEqual(await all(at.follow({ attempt: 1, offset: 0 }, { attempt: 1 })), [
      'attempt 1 on n1',
      'one',
      'end 1',
    ])
  })

  test('text that is not UTF-8 travels as base64, all other as text, each with the id to come back with', async () => {
    const at = world({ state: 'completed', runs: [run(1, ended)] })
    at.write(1, Buffer.concat([Buffer.from('half 10 %\r'), Buffer.of(0xff, 0xfe, 0x00), Buffer.from('\n')]))
    const frames: string[] = []
    for await (const one of logFrames(at.follow(null, { pieceBytes: 10 })))
      frames.push(Buffer.from(one as string).toString())
    assert.deepEqual(frames, [
      ': following\n\n',
      'id: 1:0\nevent: attempt\ndata: {"attempt":1,"run":"1-0","node":"n1"}\n\n',
      'id: 1:10\nevent: log\ndata: {"attempt":1,"offset":0,"next":10,"text":"half 10 %\\r"}\n\n',
      'id: 1:14\nevent: log\ndata: {"attempt":1,"offset":10,"next":14,"base64":"//4ACg=="}\n\n',
      'id: 1:14\nevent: end\ndata: {"attempt":1,"offset":14}\n\n',
    ])
  })
})
