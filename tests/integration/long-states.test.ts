// States of more than 2 GiB, where Node.js's own calls end: fs.readFile, read(2) and one update of a hash.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeArtifacts } from '../../apps/worker/src/artifacts.ts'
import { findCheckpoints } from '../../apps/worker/src/restore.ts'
import { weightsSha256 } from '../../packages/trainer/src/state.ts'

const home = await mkdtemp(join(tmpdir(), 'trotline-long-'))
after(() => rm(home, { recursive: true, force: true }))

const LENGTH = 2 ** 31 + 8
const skip = freemem() > 2 * LENGTH ? false : 'there is not enough memory free for it here'

test('a checkpoint of more than 2 GiB is read to its last byte', { skip }, async () => {
  const folder = join(home, 'runs', '1-0')
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'checkpoint')
  // A hole in a file takes no room.
  await writeFile(path, '')
  await truncate(path, LENGTH - 3)
  await writeFile(path, 'end', { flag: 'a' })
  const read: { bytes: number; end: string }[] = []
  const said: string[] = []
  await findCheckpoints(home, '2-0', {
    decode(bytes) {
      read.push({ bytes: bytes.length, end: Buffer.from(bytes.subarray(-3)).toString() })
      return { refused: 'is made up' }
    },
    say: line => void said.push(line),
  })
  assert.deepEqual(read, [{ bytes: LENGTH, end: 'end' }])
  assert.deepEqual(said, ['the checkpoint of run 1-0 is made up; it is not used'])
})

test('weights of more than 2 GiB have a sha256, in the report and among the artifacts, which is that of their bytes', {
  skip,
}, async () => {
  // Pages of zeros that nobody writes to take no memory.
  const w = new Float32Array(LENGTH / 4)
  w.fill(1, w.length - 8)
  const bytes = new Uint8Array(w.buffer)
  const half = LENGTH / 2
  const expected = createHash('sha256').update(bytes.subarray(0, half)).update(bytes.subarray(half)).digest('hex')
  assert.equal(weightsSha256({ weights: { w }, rest: {}, random: null }), expected)
  const artifacts = await writeArtifacts(home, [{ name: 'weights.bin', bytes }])
  assert.deepEqual(artifacts, [{ path: 'weights.bin', bytes: LENGTH, sha256: expected }])
})
