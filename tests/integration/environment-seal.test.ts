// What rights the files of an environment have when it is made, whatever the packages gave them.
import assert from 'node:assert/strict'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { makeReadOnly, removeTree } from '../../apps/worker/src/environment/remove.ts'

describe('environment-seal', () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'trotline-seal-'))
  })
  afterEach(() => removeTree(home))
  const modeOf = (name: string): number => lstatSync(join(home, name)).mode & 0o7777
  const file = (name: string, mode: number): void => {
    writeFileSync(join(home, name), 'x')
    chmodSync(join(home, name), mode)
  }

  test('everybody may read it and nobody write to it, whatever rights a package came with', async () => {
    mkdirSync(join(home, 'private'), { mode: 0o700 })
    file('private/read', 0o600)
    file('private/run', 0o740)
    chmodSync(home, 0o775)
    await makeReadOnly(home)
    assert.deepEqual(
      ['private', 'private/read', 'private/run', '.'].map(name => modeOf(name).toString(8)),
      ['555', '444', '555', '555'],
    )
  })

  test('no file of it is run as its owner', async () => {
    file('setuid', 0o4755)
    file('setgid', 0o2555)
    await makeReadOnly(home)
    assert.deepEqual([modeOf('setuid'), modeOf('setgid')], [0o555, 0o555])
  })

  test('what a link leads to is left as it is', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'trotline-outside-'))
    try {
      writeFileSync(join(outside, 'file'), 'x', { mode: 0o640 })
      symlinkSync(outside, join(home, 'folder'))
      symlinkSync(join(outside, 'file'), join(home, 'file'))
      await makeReadOnly(home)
      assert.deepEqual([lstatSync(join(outside, 'file')).mode & 0o777, lstatSync(outside).mode & 0o777], [0o640, 0o700])
    } finally {
      await removeTree(outside)
    }
  })
})
