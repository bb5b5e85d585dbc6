import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  networkFault,
  statusFault,
  storageFault,
} from '../../../../../apps/orchestrator/src/solving/channels/channel-faults.ts'
import { SolveError } from '../../../../../apps/orchestrator/src/solving/solve-error.ts'

const systemError = (code: string, syscall = 'write') => Object.assign(new Error(`${code}: words`), { code, syscall })

test('a full disk or quota is told in words, and may pass', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) {
    const fault = storageFault(systemError(code), '/srv')
    assert.equal(fault?.code, 'STORAGE_FULL')
    assert.equal(fault?.transient, true)
    assert.match(fault?.message ?? '', /no room left .* keptMiB/)
    assert.ok(!fault?.message.includes('/srv'), 'a path of this machine is for the log')
  }
  assert.match(storageFault(systemError('EROFS'), '/srv')?.message ?? '', /cannot write/)
  assert.equal(storageFault(systemError('ECONNRESET', 'read'), '/srv'), null)
  assert.equal(storageFault(new TypeError('a bug'), '/srv'), null)
})

test('what the network says becomes a sentence, and a SolveError stays what it is', () => {
  assert.equal(
    networkFault('The channel x', systemError('ENOTFOUND', 'getaddrinfo')).message,
    'The channel x cannot be reached now: its host has no address. Try again later.',
  )
  assert.match(networkFault('It', systemError('DEPTH_ZERO_SELF_SIGNED_CERT')).message, /certificate is not trusted/)
  const own = new SolveError('CHANNEL_DENIED', 'own')
  assert.equal(networkFault('It', own), own)
})

test('every status has one meaning', () => {
  const codes = [401, 403, 404, 410, 408, 429, 500, 503, 599, 204, 206, 400, 418].map(
    status => statusFault('It', 'x', status).code,
  )
  assert.deepEqual(codes, [
    ...Array(2).fill('CHANNEL_DENIED'),
    ...Array(2).fill('CHANNEL_NOT_FOUND'),
    ...Array(5).fill('CHANNEL_AWAY'),
    ...Array(4).fill('CHANNEL_GARBAGE'),
  ])
})
