import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { hostKeyAlgorithms, judgeKey, knownHost } from '../../../packages/slurm/src/known-hosts.ts'

const blob = (text: string) => Buffer.from(text)
const key = (text: string, type = 'ssh-ed25519') => `${type} ${blob(text).toString('base64')}`
const verdict = (file: string, presented: string, host = 'login', port = 22) =>
  judgeKey(knownHost(file, host, port), blob(presented))
const hashed = (name: string) => {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

test('a key that stands in the file is known, another one is a changed key', () => {
  assert.equal(verdict(`login ${key('a')} comment`, 'a'), 'known')
  assert.equal(verdict(`login ${key('a')}`, 'b'), 'changed')
  assert.equal(verdict(`login ${key('a')}\r\nlogin ${key('b')}\n`, 'b'), 'known')
})

test('a host without a line is unknown, whatever else the file holds', () => {
  assert.equal(verdict('', 'a'), 'unknown')
  assert.equal(verdict(`# login ${key('a')}\nother ${key('a')}\nlogin\nlogin ssh-ed25519\n`, 'a'), 'unknown')
})

test('names are compared without case; a port other than 22 stands in the name', () => {
  assert.equal(verdict(`Login,10.0.0.1 ${key('a')}`, 'a', 'LOGIN'), 'known')
  assert.equal(verdict(`login ${key('a')}`, 'a', 'login', 2222), 'unknown')
  assert.equal(verdict(`[login]:2222 ${key('a')}`, 'a', 'login', 2222), 'known')
  assert.equal(verdict(`[login]:2222 ${key('a')}`, 'a'), 'unknown')
})

test('globs match, and a negated pattern takes the host out of its line', () => {
  assert.equal(verdict(`*.example.org,!bad.example.org ${key('a')}`, 'a', 'n1.example.org'), 'known')
  assert.equal(verdict(`*.example.org,!bad.example.org ${key('a')}`, 'a', 'bad.example.org'), 'unknown')
  assert.equal(verdict(`log?n ${key('a')}`, 'a'), 'known')
  assert.equal(verdict(`l.gin ${key('a')}`, 'a'), 'unknown')
})

test('hashed names match the one name they were made of', () => {
  assert.equal(verdict(`${hashed('login')} ${key('a')}`, 'a'), 'known')
  assert.equal(verdict(`${hashed('[login]:2222')} ${key('a')}`, 'a', 'login', 2222), 'known')
  assert.equal(verdict(`${hashed('other')} ${key('a')}`, 'a'), 'unknown')
  assert.equal(verdict(`|2|x|y ${key('a')}`, 'a'), 'unknown')
})

test('a revoked key is refused even where another line knows it', () => {
  assert.equal(verdict(`login ${key('a')}\n@revoked * ${key('a')}`, 'a'), 'revoked')
})

test('a certificate authority vouches for nothing here', () => {
  assert.equal(verdict(`@cert-authority * ${key('a')}`, 'a'), 'unknown')
  assert.equal(knownHost(`@cert-authority * ${key('a')}`, 'login', 22).hasCertAuthority, true)
})

test('only the kinds of keys that are known for the host are asked for, RSA with SHA-2', () => {
  const file = `login ${key('a')}\nlogin ${key('b', 'ssh-rsa')}\nlogin ${key('c', 'sk-ssh-ed25519@openssh.com')}\nother ${key('d', 'ecdsa-sha2-nistp256')}`
  assert.deepEqual(hostKeyAlgorithms(knownHost(file, 'login', 22)), ['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256'])
})
