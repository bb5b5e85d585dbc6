import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isWithin,
  type Sphere,
  sphereOf,
  wider,
} from '../../../../../apps/orchestrator/src/solving/channels/spheres.ts'

test('an address is of this machine, of its network, or of everybody, however it is written', () => {
  const known: Record<Sphere, string[]> = {
    'this-machine': [
      '127.0.0.1',
      '127.8.9.1',
      '0.0.0.0',
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      'no address',
    ],
    'link-local': ['169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254'],
    private: [
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '100.64.0.1',
      'fc00::1',
      'fd12::1',
      '::ffff:10.0.0.1',
      '239.1.1.1',
      '64:ff9b:1::7f00:1',
      '::7f00:1',
      '5f00::1',
    ],
    public: ['8.8.8.8', '172.32.0.1', '2001:4860::8888', '::ffff:8.8.8.8', '2002:808:808::1'],
  }
  for (const [sphere, addresses] of Object.entries(known))
    for (const address of addresses) assert.equal(sphereOf(address), sphere, address)
})

test('what is narrower is not within', () => {
  assert.ok(isWithin('public', 'private') && isWithin('private', 'private') && !isWithin('link-local', 'private'))
  assert.equal(wider('this-machine', 'public'), 'public')
  assert.equal(wider('private', 'link-local'), 'private')
})
