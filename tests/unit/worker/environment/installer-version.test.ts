import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { atLeast, versionIn } from '../../../../apps/worker/src/environment/installer-version.ts'

describe('installer-version', () => {
  test('each installer is understood when it says its version', () => {
    assert.equal(versionIn('micromamba', '1.5.8\n'), '1.5.8')
    assert.equal(versionIn('micromamba', '2.0.5-standin\n'), '2.0.5-standin')
    assert.equal(versionIn('mamba', 'mamba 1.5.8\nconda 23.11.0\n'), '1.5.8')
    assert.equal(versionIn('mamba', '2.0.5\n'), '2.0.5')
    assert.equal(versionIn('conda', 'conda 24.9.2\n'), '24.9.2')
    assert.equal(versionIn('pixi', 'pixi 0.41.4\n'), '0.41.4')
  })

  test('a conda that stands where mamba was expected is not taken for mamba', () => {
    assert.equal(versionIn('mamba', 'conda 23.11.0\n'), null)
    assert.equal(versionIn('conda', 'usage: something else\n'), null)
    assert.equal(versionIn('pixi', ''), null)
  })

  test('versions are compared by their numbers', () => {
    assert.ok(atLeast('4.14.0', [4, 4]))
    assert.ok(atLeast('4.4', [4, 4]))
    assert.ok(atLeast('24.9.2', [4, 4]))
    assert.ok(!atLeast('4.3.16', [4, 4]))
    assert.ok(atLeast('1.0.0', [0, 39]))
    assert.ok(!atLeast('0.38.9', [0, 39]))
  })
})
