// What a command has left to go on from, counted.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { checkpointBytes } from '../../../../apps/worker/src/command/work-folder.ts'

const home = mkdtempSync(join(tmpdir(), 'trotline-checkpoints-'))
after(() => rmSync(home, { recursive: true }))

describe('the checkpoints of a command', () => {
  test('have the bytes of all their files, and links lead nowhere', async () => {
    const folder = join(home, 'some')
    mkdirSync(join(folder, 'step-1/shards'), { recursive: true })
    writeFileSync(join(folder, 'step-1/shards/0'), 'x'.repeat(100))
    writeFileSync(join(folder, 'latest'), 'x'.repeat(7))
    symlinkSync('..', join(folder, 'step-1/up'))
    symlinkSync(process.execPath, join(folder, 'program'))
    assert.equal(await checkpointBytes(folder), 107)
  })

  test('are none where there is no file, or no folder any more', async () => {
    mkdirSync(join(home, 'none/inside'), { recursive: true })
    assert.equal(await checkpointBytes(join(home, 'none')), null)
    assert.equal(await checkpointBytes(join(home, 'gone')), null)
  })

  test('are counted in part where there are very many', async () => {
    const folder = join(home, 'many')
    mkdirSync(folder)
    for (let at = 0; at < 50; at += 1) writeFileSync(join(folder, String(at)), 'xx')
    assert.equal(await checkpointBytes(folder, 10), 20)
  })
})
