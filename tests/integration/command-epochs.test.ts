// The file that a command appends its epochs to, followed as it grows, whatever else happens to it.
import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { followEpochs } from '../../apps/worker/src/command/epoch-follower.ts'
import { eventually } from '../support/eventually.ts'

function followed(t: TestContext, options: { mostBytes?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'trotline-epochs-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'reported.jsonl')
  writeFileSync(path, '')
  const epochs: number[] = []
  const said: string[] = []
  const follower = followEpochs(path, {
    onEpoch: ({ epoch }) => void epochs.push(epoch),
    say: line => void said.push(line),
    everyMs: 5,
    ...options,
  })
  const add = (text: string): void => appendFileSync(path, text)
  const seen = (count: number): Promise<true> => eventually(`${count} epochs`, () => epochs.length === count)
  return { path, epochs, said, follower, add, seen }
}

describe('the epochs that a command reports', () => {
  test('are told while it runs, and a line in two pieces is one line', async t => {
    const { epochs, follower, add, seen, said } = followed(t)
    add('{"epoch": 0, "loss": 1}\n{"epoch"')
    await seen(1)
    add(': 1}\n\n  \n{"epoch": 2}\r\n')
    await seen(3)
    await follower.end()
    assert.deepEqual([epochs, said], [[0, 1, 2], []])
  })

  test('are all told at its end, a last line without an end too', async t => {
    const { epochs, follower, add } = followed(t)
    add('{"epoch": 4}\n{"epoch": 7}')
    await follower.end()
    assert.deepEqual(epochs, [4, 7])
  })

  test('are told of bad lines once, with how many there were, and the good ones count', async t => {
    const { epochs, follower, add, said } = followed(t)
    add('nonsense\n{"epoch": 0}\n{"epoch": 0}\n{"loss": 1}\n{"epoch": 1}\n')
    await follower.end()
    assert.deepEqual(epochs, [0, 1])
    assert.deepEqual(said, [
      'line 1 of TROTLINE_EPOCHS is not used: it is not JSON',
      '3 lines of TROTLINE_EPOCHS were not used',
    ])
  })

  test('rise: one that was there already is not told again', async t => {
    const { epochs, follower, add, said } = followed(t)
    add('{"epoch": 5}\n{"epoch": 4}\n')
    await follower.end()
    assert.deepEqual(epochs, [5])
    assert.match(said[0] ?? '', /line 2 .* epoch 4 comes after epoch 5/)
  })

  test('survive a line without an end: it is left out, and memory does not grow with it', async t => {
    const { epochs, follower, add, said } = followed(t)
    add('{"epoch": 0}\n')
    for (let i = 0; i < 40; i += 1) add('x'.repeat(1_000_000))
    add('\n{"epoch": 1}\n')
    await follower.end()
    assert.deepEqual(epochs, [0, 1])
    assert.deepEqual(said, ['line 2 of TROTLINE_EPOCHS is not used: it is longer than 16384 bytes'])
  })

  test('are read from a file that took the place of another, and from one that was emptied', async t => {
    const { path, epochs, follower, add, seen } = followed(t)
    add('{"epoch": 0}\n{"epoch": 1}\n')
    await seen(2)
    writeFileSync(`${path}.new`, '{"epoch": 2}\n{"epoch": 3}\n{"epoch": 4}\n{"epoch": 5}\n')
    renameSync(`${path}.new`, path)
    await seen(6)
    truncateSync(path)
    add('{"epoch": 6}\n')
    await seen(7)
    await follower.end()
    assert.deepEqual(epochs, [0, 1, 2, 3, 4, 5, 6])
  })

  test('are not read through a link, nor for ever', async t => {
    const linked = followed(t)
    rmSync(linked.path)
    symlinkSync('/dev/zero', linked.path)
    await linked.follower.end()
    assert.match(linked.said[0] ?? '', /cannot be read/)
    const large = followed(t, { mostBytes: 1000 })
    for (let epoch = 0; epoch < 100; epoch += 1) large.add(`{"epoch": ${epoch}, "loss": 0.123456789}\n`)
    await large.follower.end()
    assert.match(large.said[0] ?? '', /more than 1000 bytes; no further epochs/)
  })

  test('are 100,000 within seconds', async t => {
    const { epochs, follower, add } = followed(t)
    add(Array.from({ length: 100_000 }, (_, epoch) => `{"epoch": ${epoch}, "loss": 0.5, "val_loss": 0.25}\n`).join(''))
    const since = performance.now()
    await follower.end()
    assert.equal(epochs.length, 100_000)
    assert.ok(performance.now() - since < 10_000)
  })
})
