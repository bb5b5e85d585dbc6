// Where messages may go.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressRefusal, refusalOf } from '../../../../apps/orchestrator/src/webhooks/destination.ts'

const OPEN = { hosts: null, privateHosts: [] }

describe('where a webhook may lead', () => {
  test('to any public host over https, unless the operator names them', () => {
    assert.equal(refusalOf('https://relay.example.org/x?y=1', OPEN), null)
    assert.equal(refusalOf('https://relay.example.org./x', { hosts: ['relay.example.org'], privateHosts: [] }), null)
    assert.match(
      refusalOf('https://other.example.org/x', { hosts: ['relay.example.org'], privateHosts: [] }) ?? '',
      /only certain hosts/,
    )
  })

  test('a pattern is for what is below a domain, and for nothing that merely ends like it', () => {
    const rules = { hosts: ['*.example.org', 'exact.test:8443'], privateHosts: [] }
    assert.equal(refusalOf('https://A.B.EXAMPLE.org/', rules), null)
    assert.equal(refusalOf('https://exact.test:8443/', rules), null)
    for (const url of [
      'https://example.org/',
      'https://badexample.org/',
      'https://exact.test/',
      'https://exact.test:8444/',
    ])
      assert.notEqual(refusalOf(url, rules), null, url)
  })

  test('without TLS only where the operator named the host', () => {
    assert.match(refusalOf('http://relay.example.org/', OPEN) ?? '', /not https/)
    assert.match(
      refusalOf('http://relay.example.org/', { hosts: ['relay.example.org'], privateHosts: [] }) ?? '',
      /not https/,
    )
    assert.equal(refusalOf('http://relay.lab.test:8080/', { hosts: [], privateHosts: ['relay.lab.test:8080'] }), null)
  })

  test('to no address of this machine or of a private network, however it is written', () => {
    const written = [
      'https://127.0.0.1/',
      'https://127.1/',
      'https://2130706433/',
      'https://0x7f.0.0.1/',
      'https://0/',
      'https://10.1.2.3/',
      'https://192.168.0.1/',
      'https://172.20.0.1/',
      'https://100.64.0.1/',
      'https://[::1]/',
      'https://[::]/',
      'https://[::ffff:127.0.0.1]/',
      'https://[::ffff:7f00:1]/',
      'https://[64:ff9b::7f00:1]/',
      'https://[2002:7f00:1::]/',
      'https://[fd00::1]/',
      'https://169.254.169.254/latest/meta-data/',
      'https://[fe80::1]/',
      'https://[fd00:ec2::254]/',
    ]
    for (const url of written) assert.notEqual(refusalOf(url, OPEN), null, url)
    assert.equal(refusalOf('https://203.0.113.7/', OPEN), null)
  })

  test('what the operator named may lie near, and a link-local address is told nothing even then', () => {
    assert.equal(addressRefusal('10.1.2.3', true), null)
    assert.equal(addressRefusal('127.0.0.1', true), null)
    assert.match(addressRefusal('10.1.2.3', false) ?? '', /private network/)
    assert.match(addressRefusal('127.0.0.1', false) ?? '', /on this machine/)
    for (const near of [true, false]) assert.match(addressRefusal('169.254.169.254', near) ?? '', /link-local/)
    assert.match(
      refusalOf('http://169.254.169.254/', { hosts: null, privateHosts: ['169.254.169.254'] }) ?? '',
      /link-local/,
    )
  })

  test('nothing that is no web address, and none with a password', () => {
    for (const url of [
      'ftp://relay.example.org/',
      'file:///etc/passwd',
      'relay.example.org',
      'https://a:b@relay.example.org/',
    ])
      assert.notEqual(refusalOf(url, OPEN), null, url)
  })
})
