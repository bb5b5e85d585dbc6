import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileNameOf } from '../../../apps/orchestrator/src/clusters/environment-archives.ts'
import { fileNameOf as wanted } from '../../../apps/worker/src/environment/install-source.ts'

test('an archive is brought under the name that the maker looks for, however its address writes it', () => {
  for (const file of [
    'x264-1!152.20180717-h14c3975_1.tar.bz2',
    'x264-1%21152.20180717-h14c3975_1.tar.bz2',
    'a-1.0%2Bcu118-0.conda',
  ]) {
    const url = `https://channel.example.org/main/linux-64/${file}`
    assert.equal(fileNameOf({ url }), wanted({ url }))
    assert.doesNotMatch(fileNameOf({ url }), /%/)
  }
})
