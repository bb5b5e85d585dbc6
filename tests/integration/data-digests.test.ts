// The files that a training is fed with: what is recorded of them, and what a rerun is told where they are others.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { CommandTraining, type DataDigest } from '@trotline/contracts'
import { createDataDigests } from '../../apps/worker/src/data-digests.ts'

const home = mkdtempSync(join(tmpdir(), 'trotline-data-'))
after(() => rmSync(home, { recursive: true }))
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

function file(name: string, content: string | Buffer): DataDigest {
  const path = join(home, name)
  writeFileSync(path, content)
  return { path, bytes: Buffer.byteLength(content), sha256: sha256(content) }
}

function digests(data: string[], expectData: DataDigest[] = [], mostBytes?: number) {
  const said: string[] = []
  const training = CommandTraining.parse({ kind: 'command', command: ['x'], data })
  return { said, ...createDataDigests({ training, expectData }, line => void said.push(line), mostBytes) }
}
const never = new AbortController().signal

const small = file('small.csv', 'a,b\n1,2\n')
const large = file('large.bin', Buffer.alloc(5_000_000, 'trotline'))
const empty = file('empty', '')

describe('the data of a run', () => {
  test('is recorded with bytes and sha256, small files and large ones, in the order of the request', async () => {
    const { begin, settled, said } = digests([large.path, small.path, empty.path])
    void begin()
    assert.deepEqual(await settled(never), [large, small, empty])
    assert.deepEqual(said, [])
  })

  test('is told by its size alone where a file is larger than is read only to be hashed', async () => {
    const { begin, settled } = digests([large.path, small.path], [], 1_000_000)
    void begin()
    assert.deepEqual(await settled(never), [{ ...large, sha256: null }, small])
  })

  test('leaves out what is not there or is no file, and says so', async () => {
    mkdirSync(join(home, 'folder'))
    const { begin, settled, said } = digests([join(home, 'nowhere'), join(home, 'folder'), small.path])
    void begin()
    assert.deepEqual(await settled(never), [small])
    assert.match(said.join('\n'), /nowhere is not there\n.*folder is not a file/)
  })

  test('that is a FIFO or a device keeps no run waiting and is not read', async () => {
    execFileSync('mkfifo', [join(home, 'fifo')])
    const { begin, settled, said } = digests([join(home, 'fifo'), '/dev/zero', small.path])
    void begin()
    assert.deepEqual(await settled(AbortSignal.timeout(10_000)), [small])
    assert.match(said.join('\n'), /fifo is not a file\n.*zero is not a file/)
    assert.equal((await digests([], [{ ...small, path: join(home, 'fifo') }]).check(never))?.code, 'data-missing')
  })

  test('that is written to or replaced before it is hashed is told without the sha256 of what came later', async () => {
    const first = file('first.bin', Buffer.alloc(5_000_000, 'first'))
    for (const change of [
      (path: string) => writeFileSync(path, 'a,b\n9,9\n'),
      (path: string) => {
        writeFileSync(`${path}.new`, 'a,b\n1,2\n')
        renameSync(`${path}.new`, path)
      },
    ]) {
      const second = file('second.csv', 'a,b\n1,2\n')
      // Older kernels give two writes within some milliseconds the same time.
      utimesSync(second.path, 1, 1)
      const { begin, settled, said } = digests([first.path, second.path])
      await begin()
      change(second.path)
      assert.deepEqual(await settled(never), [first, { ...second, sha256: null }])
      assert.match(said.join('\n'), /second\.csv is not recorded: it was written to after the training had begun/)
    }
  })

  test('is not waited for where the run has to stop', async () => {
    const { begin, settled } = digests([large.path])
    void begin()
    const found = await settled(AbortSignal.abort())
    assert.deepEqual(
      found.map(({ path, bytes }) => [path, bytes]),
      [[large.path, large.bytes]],
    )
  })

  test('that is what a rerun expects lets it begin, and is not hashed twice', async () => {
    const { check, begin, settled } = digests([small.path, large.path], [small, large])
    assert.equal(await check(never), null)
    writeFileSync(small.path, 'changed later')
    void begin()
    assert.deepEqual(await settled(never), [small, large])
    writeFileSync(small.path, 'a,b\n1,2\n')
  })

  test('that has other bytes is named with what was expected and what was found', async () => {
    const expected = { ...small, sha256: sha256('a,b\n1,3\n') }
    const failure = await digests([small.path], [expected, large]).check(never)
    assert.deepEqual([failure?.reason, failure?.code], ['training', 'data-changed'])
    assert.equal(
      failure?.detail,
      `The data is not what the training is to be repeated with: ${small.path} has 8 bytes (sha256 ${small.sha256?.slice(0, 16)}…), and 8 bytes (sha256 ${expected.sha256.slice(0, 16)}…) are expected.`,
    )
  })

  test('that is gone is told as gone, and how many others are not as they were', async () => {
    const gone = { ...small, path: join(home, 'gone.csv') }
    assert.equal((await digests([], [gone]).check(never))?.code, 'data-missing')
    const both = await digests([], [gone, { ...large, bytes: 1 }]).check(never)
    assert.equal(both?.code, 'data-changed')
    assert.match(both?.detail ?? '', /gone\.csv is not there\. So it is with 1 more/)
    assert.equal(both?.evidence?.length, 2)
  })

  test('that cannot be compared byte by byte does not count as the same', async t => {
    const { PATH } = process.env
    t.after(() => {
      process.env.PATH = PATH
    })
    process.env.PATH = '/nowhere'
    const failure = await digests([], [large]).check(never)
    assert.equal(failure?.code, 'data-changed')
    assert.match(
      failure?.detail ?? '',
      /large\.bin cannot be compared with sha256 [0-9a-f]{16}…: sha256sum could not be/,
    )
  })

  test('of which only the size is known has to have that size', async () => {
    const known = { ...large, sha256: null }
    assert.equal(await digests([], [known]).check(never), null)
    assert.equal((await digests([], [{ ...known, bytes: 7 }]).check(never))?.code, 'data-changed')
  })

  test('is not judged by a run that was told to stop', async () => {
    assert.equal(await digests([], [{ ...large, bytes: 1 }]).check(AbortSignal.abort()), null)
  })
})
