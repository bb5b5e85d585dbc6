// A tree is taken away while somebody still writes into it.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { removeTree } from '../../apps/worker/src/environment/remove.ts'

/** As the tar of a killed unpacking does, which has to come to the end of what it was given. */
const WRITES_FOR_MS = 300

test('what somebody still adds to a tree is removed with it', async () => {
  const home = mkdtempSync(join(tmpdir(), 'trotline-remove-'))
  const folder = join(home, 'share/bulk')
  mkdirSync(folder, { recursive: true })
  for (let i = 0; i < 100; i++) writeFileSync(join(folder, `${i}`), 'x')
  const removing = removeTree(home)
  const endMs = performance.now() + WRITES_FOR_MS
  try {
    for (let i = 0; performance.now() < endMs; i++) {
      writeFileSync(join(folder, `late-${i}`), 'x')
      await nextTurn()
    }
  } catch {
    // The folder is gone.
  }
  assert.ok((await removing).files >= 100)
  assert.ok(!existsSync(home))
})
