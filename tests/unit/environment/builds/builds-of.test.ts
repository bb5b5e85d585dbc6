import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildsOf, LISTED_FRAMEWORKS } from '@trotline/environment'
import { matrix } from '../cases.ts'

test('the first build is that of the newest row, also where an older row speaks for it', () => {
  assert.equal(buildsOf('tfjs-node-gpu', matrix)[0]?.version, '4.22.0')
  for (const framework of LISTED_FRAMEWORKS) assert.ok(buildsOf(framework, matrix).length > 0)
})
