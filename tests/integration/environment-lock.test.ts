// The lock of a build, by two who want it. What becomes of it when its maker is killed: environment-make.test.ts.
import assert from 'node:assert/strict'
import { lstatSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { holdLock } from '../../apps/worker/src/environment/build-lock.ts'

describe('environment-lock', () => {
  let home: string
  let path: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'trotline-lock-'))
    path = join(home, 'lock')
  })
  afterEach(() => rmSync(home, { recursive: true, force: true }))

  test('one waits until the other lets go', async () => {
    const first = await holdLock(path)
    let released = false
    let second = Promise.resolve()
    await new Promise<void>(waits => {
      second = holdLock(path, { onWait: waits }).then(lock => {
        assert.ok(released)
        lock.release()
      })
    })
    // Long enough for one that does not wait to be found out.
    await new Promise(resolve => setTimeout(resolve, 300))
    released = true
    first.release()
    await second
  })

  test('another Unix user cannot open it, and so cannot hold it against us', async () => {
    const { release } = await holdLock(path)
    assert.equal(lstatSync(path).mode & 0o077, 0)
    release()
  })

  test('a lock whose file was tidied away while it was waited for is taken anew, where others look for it', async () => {
    const first = await holdLock(path)
    let waits = (): void => undefined
    const waiting = new Promise<void>(resolve => {
      waits = resolve
    })
    const second = holdLock(path, { onWait: () => waits() })
    await waiting
    // It has opened the file by then.
    rmSync(path)
    first.release()
    const held = await second
    const signal = AbortSignal.timeout(500)
    await assert.rejects(holdLock(path, { signal }), (error: unknown) => error === signal.reason)
    held.release()
  })
})
