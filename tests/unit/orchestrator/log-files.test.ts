import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createLogFiles,
  LOG_FILES,
  type LogFile,
  type LogFiles,
} from '../../../apps/orchestrator/src/streams/log-files.ts'
import type { ReadLog } from '../../../apps/orchestrator/src/streams/shared-log.ts'

const QUICK = { ...LOG_FILES, blockBytes: 1024, quietMs: [1, 5] as const }

const ANY = { most: 700, wholeCharacters: false }

/** A file that grows, or is cut, and counts what it is asked. */
function growing() {
  let content: Buffer = Buffer.alloc(0)
  const asked = { reads: 0, bytes: 0, now: 0, most: 0 }
  const read: ReadLog = async (offset, lengthBytes) => {
    asked.reads += 1
    asked.now += 1
    asked.most = Math.max(asked.most, asked.now)
    await sleep(1)
    asked.now -= 1
    const bytes = content.subarray(offset, offset + lengthBytes)
    asked.bytes += bytes.length
    return { bytes, sizeBytes: content.length }
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
    const piece = await file.take(offset, ANY)
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
    assert.equal(file.asked.most, 1, 'more than one read at once')
    assert.ok(file.asked.bytes < 1.2 * total, `${file.asked.bytes} bytes were read of ${total}`)
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

  test('a long log is read once for all who are at it, wherever they came in', async () => {
    const file = growing()
    const whole = bytesFor(3, 50_000)
    file.append(whole)
    const files = createLogFiles(QUICK)
    const followers = Array.from({ length: 100 }, (_, i) => ({ follower: files.open('a', file.read), from: i * 77 }))
    const all = await Promise.all(followers.map(({ follower, from }) => readAll(follower, 50_000, from)))
    for (const [i, got] of all.entries()) assert.equal(sha256(got), sha256(whole.subarray(i * 77)))
    assert.deepEqual([file.asked.most, file.asked.bytes], [1, 50_000])
    for (const { follower } of followers) follower.close()
  })

  test('a follower who was away for a moment is told from what was read before', async () => {
    const file = growing()
    file.append(bytesFor(3, 10_000))
    const files = createLogFiles(QUICK)
    const first = files.open('a', file.read)
    await readAll(first, 10_000)
    first.close()
    assert.equal(files.count, 0)
    const again = files.open('a', file.read)
    assert.equal(sha256(await readAll(again, 10_000)), sha256(bytesFor(3, 10_000)))
    assert.equal(file.asked.bytes, 10_000)
    file.append(bytesFor(4, 10))
    assert.equal(sha256(await readAll(again, 10_010, 10_000)), sha256(bytesFor(4, 10)))
    again.close()
  })

  test('what is kept of a long log has an end: what was read long ago is read again', async () => {
    const file = growing()
    file.append(bytesFor(3, 50_000))
    const files = createLogFiles({ ...QUICK, blocks: 10 })
    const follower = files.open('a', file.read)
    await readAll(follower, 50_000)
    const once = file.asked.bytes
    await readAll(follower, 50_000)
    assert.ok(file.asked.bytes >= 2 * once - 11 * QUICK.blockBytes, `${file.asked.bytes} bytes were read`)
    follower.close()
  })

  test('followers who came in at different bytes soon take the very same pieces', async () => {
    const file = growing()
    file.append(bytesFor(3, 10_000))
    const files = createLogFiles(QUICK)
    const piecesFrom = async (from: number): Promise<Uint8Array[]> => {
      const follower = files.open('a', file.read)
      const pieces: Uint8Array[] = []
      for (let offset = from; offset < 10_000; ) {
        const piece = await follower.take(offset, { most: 1024, wholeCharacters: true })
        if ('cut' in piece) throw new Error('the file began anew')
        pieces.push(piece.bytes)
        offset += piece.bytes.length
      }
      return pieces
    }
    const held = files.open('a', file.read)
    const [first, second] = [await piecesFrom(0), await piecesFrom(333)]
    assert.ok(first.length >= 10)
    for (const [i, piece] of second.slice(1).entries()) assert.equal(piece, first[i + 1], `piece ${i}`)
    held.close()
  })

  test('the next block of a log is on its way while a lone follower is told the one before', async () => {
    const file = growing()
    file.append(bytesFor(3, 5000))
    const files = createLogFiles(QUICK)
    const follower = files.open('a', file.read)
    await follower.take(0, ANY)
    await sleep(20)
    assert.equal(file.asked.reads, 2)
    follower.close()
  })

  test('a byte behind the end of the file is refused, and disturbs nobody', async () => {
    const file = growing()
    file.append(bytesFor(1, 2000))
    const files = createLogFiles(QUICK)
    const good = files.open('a', file.read)
    await readAll(good, 2000)
    for (const beyond of [2001, 2048, 4096, 999_999]) {
      const bad = files.open('a', file.read)
      assert.deepEqual(await bad.take(beyond, ANY), { cut: true }, `at ${beyond}`)
      bad.close()
    }
    assert.deepEqual(await good.take(2000, ANY), { offset: 2000, bytes: new Uint8Array(), seen: 2000 })
    good.close()
  })

  test('half a character waits for its other half, and is given as it is to whoever asks for bytes', async () => {
    const file = growing()
    const files = createLogFiles(QUICK)
    const follower = files.open('a', file.read)
    const whole = { most: 700, wholeCharacters: true }
    file.append(Buffer.from([0x61, 0xe2, 0x96]))
    assert.deepEqual(await follower.take(0, whole), { offset: 0, bytes: Buffer.from('a'), seen: 3 })
    assert.deepEqual(await follower.take(1, ANY), { offset: 1, bytes: Buffer.from([0xe2, 0x96]), seen: 3 })
    const waiting = follower.news(3, 5000, new AbortController().signal)
    file.append(Buffer.from([0x93, 0x62]))
    await waiting
    assert.deepEqual(await follower.take(1, whole), { offset: 1, bytes: Buffer.from('▓b'), seen: 5 })
    follower.close()
  })

  test('a character on the border of two blocks that is not there yet is waited for without another read', async () => {
    const file = growing()
    const files = createLogFiles(QUICK)
    const followers = Array.from({ length: 100 }, () => files.open('a', file.read))
    file.append(Buffer.concat([Buffer.alloc(1022, 'x'), Buffer.from('▓').subarray(0, 2)]))
    const whole = { most: 1024, wholeCharacters: true }
    for (const follower of followers) await follower.take(0, whole)
    const reads = file.asked.reads
    for (const follower of followers)
      assert.deepEqual(await follower.take(1022, whole), { offset: 1022, bytes: Buffer.alloc(0), seen: 1024 })
    assert.ok(file.asked.reads <= reads + 1, `${file.asked.reads - reads} reads`)
    const waiting = followers.map(follower => follower.news(1024, 5000, new AbortController().signal))
    file.append(Buffer.from('▓!').subarray(2))
    await Promise.all(waiting)
    for (const follower of followers)
      assert.deepEqual(await follower.take(1022, whole), { offset: 1022, bytes: Buffer.from('▓!'), seen: 1026 })
    for (const follower of followers) follower.close()
  })

  test('what is no passing trouble reaches those who wait too, and is asked about again', async () => {
    const file = growing()
    file.append(bytesFor(1, 10))
    let denied = false
    const files = createLogFiles(QUICK)
    const follower = files.open('a', async (offset, length) => {
      if (denied) throw Object.assign(new Error('denied'), { code: 'FILE_DENIED', transient: false })
      return file.read(offset, length)
    })
    await readAll(follower, 10)
    denied = true
    await follower.news(10, 5000, new AbortController().signal)
    await assert.rejects(follower.take(10, ANY), /denied/)
    denied = false
    await sleep(20)
    assert.equal('cut' in (await follower.take(10, ANY)), false)
    follower.close()
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
      assert.deepEqual(await follower.take(3000, ANY), { cut: true })
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
    await assert.rejects(follower.take(0, ANY), /away/)
    const signal = new AbortController().signal
    await follower.news(0, 20, signal)
    away = false
    assert.equal((await readAll(follower, 10)).length, 10)
    follower.close()
  })
})
