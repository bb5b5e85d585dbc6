// state.json on a file system that is slow to take it.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BuildState } from '@trotline/contracts'
import { replacePublicly } from '../../apps/worker/src/environment/public-file.ts'
import { openState } from '../../apps/worker/src/environment/state.ts'

test('two writes of one state never overlap, and the last of them tells the end', async () => {
  const home = mkdtempSync(join(tmpdir(), 'trotline-state-'))
  let [now, most, writes] = [0, 0, 0]
  const slowly = async (path: string, content: string): Promise<void> => {
    most = Math.max(most, ++now)
    writes++
    await sleep(1100)
    await replacePublicly(path, content)
    now--
  }
  try {
    const state = openState(home, { attempt: 3 }, slowly)
    for (let done = 0; done < 8; done++) {
      state.step('download', { done, of: 8, unit: 'packages' })
      await sleep(300)
    }
    await state.end('failed', null)
    assert.equal(most, 1)
    assert.ok(writes >= 3)
    const told = BuildState.parse(JSON.parse(readFileSync(join(home, 'state.json'), 'utf8')))
    assert.deepEqual([told.outcome, told.progress?.done, told.attempt], ['failed', 7, 3])
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
