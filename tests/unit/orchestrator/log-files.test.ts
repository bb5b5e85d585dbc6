import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createLogFiles,
  LOG_FILES,
  type LogFile,
  type LogFiles,
  type ReadLog,
} from '../../../apps/orchestrator/src/streams/log-files.ts'

const QUICK = { ...LOG_FILES, blockBytes: 1024, windowBytes: 4096, quietMs: [1, 5] as const }

/** A file that grows, or is cut, and counts what it is asked. */
function growing() {
  let content: Buffer = Buffer.alloc(0)
  const asked = { reads: 0, now: 0, most: 0 }
  const read: ReadLog = async (offset, lengthBytes) => {
    asked.reads += 1
    asked.now += 1
    asked.most = Math.max(asked.most, asked.now)
    await sleep(1)
    asked.now -= 1
    return { bytes: content.subarray(offset, offset + lengthBytes), sizeBytes: content.length }
  }
  return {
    read,
    asked,
    append: (bytes: Buffer) => {
      content = Buffer.concat([content, bytes])
    },
    cutTo: (bytes: Buffer) => {
      content = bytes
    },
  }
}

/** Bytes of every kind: carriage returns, half characters, NULs. */
const bytesFor = (seed: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (seed * 2_654_435_761 + i * 40_503) >>> 7))

async function readAll(file: LogFile, until: number, from = 0): Promise<Buffer> {
  const signal = new AbortController().signal
  const parts: Uint8Array[] = []
  for (let offset = from; offset < until; ) {
    const piece = await file.take(offset, 700)
    if ('cut' in piece) throw new Error('the file began anew')
    if (piece.bytes.length === 0) await file.news(offset, 1000, signal)
    parts.push(piece.bytes)
    offset += piece.bytes.length
  }
  return Buffer.concat(parts)
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('logs that are followed', () => {
  test('1,000 followers of one growing log have one reader, and each gets every byte in order', async () => {
    const file = growing()
    const files = createLogFiles(QUICK)
    const followers = Array.from({ length: 1000 }, () => files.open('a', file.read))
    assert.equal(files.count, 1)
    const parts = Array.from({ length: 40 }, (_, i) => bytesFor(i, 500))
    const total = parts.reduce((sum, part) => sum + part.length, 0)
    const readings = Promise.all(followers.map(follower => readAll(follower, total)))
    for (const part of parts) {
      file.append(part)
      await sleep(3)
    }
    const wanted = sha256(Buffer.concat(parts))
    for (const got of await readings) assert.equal(sha256(got), wanted)
    // Each look of the one reader, and the blocks that those who came late shared.
    assert.ok(file.asked.reads < 600, `${file.asked.reads} reads`)
    assert.ok(file.asked.most <= 4, `${file.asked.most} reads at once`)
    for (const follower of followers) follower.close()
    assert.equal(files.count, 0)
    const after = file.asked.reads
    await sleep(30)
    assert.equal(file.asked.reads, after, 'nobody follows, and the file is read still')
  })

  test('followers that go and come back at random bytes miss nothing and get nothing twice', async () => {
    const file = growing()
    const files = createLogFiles(QUICK)
    const whole = bytesFor(7, 30_000)
    const writing = (async () => {
      for (let at = 0; at < whole.length; at += 300) {
        file.append(whole.subarray(at, at + 300))
        await sleep(1)
      }
    })()
    const follow = async (seed: number): Promise<string> => {
      const got: Uint8Array[] = []
      let offset = 0
      for (let turn = 1; offset < whole.length; turn++) {
        const leaveAt = Math.min(whole.length, offset + 1 + ((seed * 7919 + turn * 104_729) % 2500))
        const follower = files.open('a', file.read)
        got.push(await readAll(follower, leaveAt, offset).then(bytes => bytes.subarray(0, leaveAt - offset)))
        follower.close()
        offset = leaveAt
      }
      return sha256(Buffer.concat(got))
    }
    const all = await Promise.all(Array.from({ length: 20 }, (_, seed) => follow(seed)))
    await writing
    for (const got of all) assert.equal(got, sha256(whole))
  })

  test('one who stands far back is served from blocks while another waits at the end', async () => {
    const file = growing()
    file.append(bytesFor(1, 20_000))
    const files = createLogFiles(QUICK)
    const atEnd = files.open('a', file.read)
    const leaving = new AbortController()
    const waiting = (async () => {
      for (let offset = 20_000; !leaving.signal.aborted; ) await atEnd.news(offset, 1000, leaving.signal)
    })()
    const back = files.open('a', file.read)
    assert.equal(sha256(await readAll(back, 20_000)), sha256(bytesFor(1, 20_000)))
    file.append(bytesFor(2, 100))
    assert.equal(sha256(await readAll(back, 20_100, 20_000)), sha256(bytesFor(2, 100)))
    leaving.abort()
    await waiting
    back.close()
    atEnd.close()
  })

  test('a file that was cut short is told once to each follower, whatever it has grown to since', async () => {
    const file = growing()
    file.append(bytesFor(1, 3000))
    const files = createLogFiles(QUICK)
    const followers = [files.open('a', file.read), files.open('a', file.read)]
    for (const follower of followers) assert.equal((await readAll(follower, 3000)).length, 3000)
    const signal = new AbortController().signal
    const waiting = followers.map(follower => follower.news(3000, 2000, signal))
    await sleep(10)
    file.cutTo(bytesFor(9, 100))
    await Promise.all(waiting)
    file.append(bytesFor(10, 5000))
    for (const follower of followers) {
      assert.deepEqual(await follower.take(3000, 100), { cut: true })
      const again = await readAll(follower, 5100)
      assert.equal(sha256(again), sha256(Buffer.concat([bytesFor(9, 100), bytesFor(10, 5000)])))
      follower.close()
    }
  })

  test('what the cluster cannot answer reaches whoever asks, and the reader goes on when it can', async () => {
    const file = growing()
    file.append(bytesFor(1, 10))
    let away = true
    const files: LogFiles = createLogFiles(QUICK)
    const follower = files.open('a', async (offset, length) => {
      if (away) throw Object.assign(new Error('away'), { code: 'SSH_LOST', transient: true })
      return file.read(offset, length)
    })
    await assert.rejects(follower.take(0, 10), /away/)
    const signal = new AbortController().signal
    await follower.news(0, 20, signal)
    away = false
    assert.equal((await readAll(follower, 10)).length, 10)
    follower.close()
  })
})
