// epochs.jsonl on a file system that refuses: nothing is lost, nothing comes twice, and what it says last is heard.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEpochFile } from '../../../apps/worker/src/epoch-file.ts'
import type { EndedEpoch } from '../../../apps/worker/src/epoch-text.ts'
import { processorMsOf } from '../../support/processor-time.ts'

const home = mkdtempSync(join(tmpdir(), 'trotline-epoch-file-'))
after(() => rmSync(home, { recursive: true, force: true }))

const ended = (from: number, count: number): EndedEpoch[] =>
  Array.from({ length: count }, (_, i) => ({
    epoch: { epoch: from + i, seconds: 0.5, values: { loss: 1 } },
    at: Date.UTC(2026, 0, 2),
  }))
const numbersIn = (text: string): number[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line).epoch)

function open(file: number) {
  const said: string[] = []
  let written = 0
  const epochs = createEpochFile(file, {
    onWritten(all) {
      for (const { epochs } of all) written += epochs.length
    },
    say: line => void said.push(line),
  })
  return { epochs, said, written: () => written }
}

test('a descriptor that cannot be closed is trouble of the file, and ends nothing', async () => {
  const path = join(home, 'close.jsonl')
  const file = openSync(path, 'a')
  const { epochs } = open(file)
  epochs.append(ended(0, 3))
  assert.equal(await epochs.sync(), null)
  // Its close(2) fails, with what little can be brought about here.
  closeSync(file)
  assert.match((await epochs.close()) ?? '', /EBADF/)
  assert.deepEqual(numbersIn(readFileSync(path, 'utf8')), [0, 1, 2])
})

test('what was taken in part goes on where it was broken off, and what came meanwhile follows it', async () => {
  const path = join(home, 'pipe')
  execFileSync('mkfifo', [path])
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const { epochs, said, written } = open(pipe)
  let text = ''
  const drain = (): void => {
    const piece = Buffer.alloc(1 << 20)
    try {
      for (;;) text += piece.toString('utf8', 0, readSync(pipe, piece))
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
    }
  }
  for (let from = 0; from < 6000; from += 1000) epochs.append(ended(from, 1000))
  assert.equal(written(), 0)
  assert.match(said[0] ?? '', /EAGAIN.*kept in memory/)
  for (let i = 0; written() === 0; i++) {
    assert.ok(i < 100)
    drain()
    await epochs.sync()
  }
  drain()
  await epochs.close()
  assert.equal(written(), 6000)
  assert.deepEqual(
    numbersIn(text),
    Array.from({ length: 6000 }, (_, i) => i),
  )
})

test('an epoch costs no more while a disk stays full, however much is kept', async () => {
  const msOf = async (path: string, flags: string): Promise<number> => {
    const { epochs } = open(openSync(path, flags))
    const few = ended(0, 50)
    const ms = processorMsOf(() => {
      for (let i = 0; i < 4000; i++) epochs.append(few)
    })
    await epochs.close()
    return ms
  }
  const taken = await msOf('/dev/null', 'a')
  // Cannot be written: it is open for reading.
  const kept = await msOf('/dev/null', 'r')
  assert.ok(kept < 4 * taken + 200, `${kept} ms, ${taken} ms where all is taken`)
})
