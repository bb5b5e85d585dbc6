import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withoutSecrets } from '../../../../apps/worker/src/environment/build-log.ts'

describe('build-log', () => {
  test('passwords and tokens in addresses do not reach the log', () => {
    assert.equal(
      withoutSecrets(
        'get https://user:secret@channel.example.org/t/tk-1234/main/a.conda and http://b.example.org/t/x/y',
      ),
      'get https://channel.example.org/t/…/main/a.conda and http://b.example.org/t/…/y',
    )
    assert.equal(withoutSecrets('https://user:p@ss@channel.example.org/a'), 'https://channel.example.org/a')
    assert.equal(
      withoutSecrets("'https://a.example.org/conda/t/tk-1' (404)"),
      "'https://a.example.org/conda/t/…' (404)",
    )
    assert.equal(withoutSecrets('a@b.example, /home/t/x'), 'a@b.example, /home/t/x')
    assert.equal(withoutSecrets('https://a.example.org/x and b@c'), 'https://a.example.org/x and b@c')
  })
})
