import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isExcepted, proxyFor } from '../../../apps/cli/src/api/proxies.ts'
import { CliError } from '../../../apps/cli/src/errors.ts'

const url = (text: string): URL => new URL(text)

test('NO_PROXY is read as curl reads it', () => {
  const yes: [url: string, list: string][] = [
    ['https://trotline.example.org', '*'],
    ['https://trotline.example.org', 'example.org'],
    ['https://trotline.example.org', '.example.org, other.test'],
    ['https://trotline.example.org', 'other.test *.example.org'],
    ['https://trotline.example.org:8443', 'trotline.example.org:8443'],
    ['https://trotline.example.org', 'TROTLINE.example.org:443'],
    ['http://127.0.0.1:8080', '127.0.0.0/8'],
    ['http://10.2.3.4', '10.2.3.4'],
    ['http://[::1]:8080', '::1'],
    ['http://[fd00::5]:8080', 'fd00::/8'],
  ]
  for (const [to, list] of yes) assert.equal(isExcepted(url(to), list), true, `${to} ${list}`)
  const no: [url: string, list: string][] = [
    ['https://trotline.example.org', ''],
    ['https://badexample.org', 'example.org'],
    ['https://trotline.example.org:8443', 'trotline.example.org:443'],
    ['http://10.2.3.4', '10.3.0.0/16'],
    ['http://10.2.3.4', '10.2.3.4/99'],
    ['http://10.2.3.4', '2.3.4'],
    ['https://trotline.example.org', '10.0.0.0/8'],
  ]
  for (const [to, list] of no) assert.equal(isExcepted(url(to), list), false, `${to} ${list}`)
})

test('each scheme has its proxy, a bare host is one, and what is no address is refused without being repeated', () => {
  const proxies = { https: 'proxy.example.org:3128', http: 'http://other.example.org', none: 'inside.example.org' }
  assert.equal(proxyFor(url('https://a.test'), proxies)?.href, 'http://proxy.example.org:3128/')
  assert.equal(proxyFor(url('http://a.test'), proxies)?.host, 'other.example.org')
  assert.equal(proxyFor(url('https://inside.example.org'), proxies), null)
  assert.equal(proxyFor(url('http://a.test'), { ...proxies, http: null }), null)
  assert.throws(
    () => proxyFor(url('https://a.test'), { ...proxies, https: 'socks5://me:secret@proxy' }),
    (error: unknown) => error instanceof CliError && error.code === 'USAGE' && !error.message.includes('secret'),
  )
})
