import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirected } from '../../../../../apps/orchestrator/src/solving/channels/http-get.ts'

const at = new URL('https://conda.example.org/main/noarch/repodata.json')

test('a channel may send on within https, to another host, and from http to https', () => {
  assert.equal(redirected(at, '../linux-64/x', 'It').href, 'https://conda.example.org/main/linux-64/x')
  assert.equal(redirected(at, 'https://cdn.example.org/x?y=1', 'It').href, 'https://cdn.example.org/x?y=1')
  assert.equal(redirected(new URL('http://a.example.org/'), 'https://b.example.org/', 'It').protocol, 'https:')
})

test('a channel of https is not followed to http, and no channel out of the web', () => {
  assert.throws(
    () => redirected(at, 'http://conda.example.org/x?signature=secret', 'It'),
    error => {
      assert.match((error as Error).message, /from https to http \(conda\.example\.org\)/)
      assert.ok(!(error as Error).message.includes('secret'))
      return true
    },
  )
  for (const to of ['file:///etc/passwd', 'ftp://example.org/', 'data:text/plain,x', 'http://[', 'javascript:0'])
    assert.throws(() => redirected(at, to, 'It'), { code: 'CHANNEL_GARBAGE' }, to)
})

test('a password in the address that a channel sends on to is not sent anywhere', () => {
  assert.equal(redirected(at, 'https://ada:secret@b.example.org/x', 'It').href, 'https://b.example.org/x')
})
