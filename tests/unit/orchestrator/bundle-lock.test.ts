import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bundle } from '@trotline/contracts'
import { makeLock, type PinnedLock } from '@trotline/environment'
import { lockOfBundle } from '../../../apps/orchestrator/src/http/bundle-lock.ts'
import { ProblemError } from '../../../apps/orchestrator/src/http/problems.ts'
import { bundleOf } from '../../../apps/orchestrator/src/lifecycle/bundle.ts'
import { type LockRead, openBundle } from '../../../apps/orchestrator/src/solving/lock-work.ts'
import { record, request, sha256 } from '../../support/job-records.ts'

function pinnedOf(name: string): PinnedLock {
  const lock = makeLock({
    platform: 'linux-64',
    records: [
      {
        url: `https://channels.example.org/main/linux-64/${name}.tar.bz2`,
        md5: '0'.repeat(32),
        sha256: sha256(name),
        size: 1,
      },
    ],
  })
  if (!lock.ok) throw new Error(JSON.stringify(lock))
  return lock.value
}
const [ZLIB, XZ] = [pinnedOf('zlib-1.2.11-h7b6447c_3'), pinnedOf('xz-5.2.4-h14c3975_4')]

const bundle = (lock: PinnedLock | null, named: unknown): Bundle => ({
  ...bundleOf(record(), lock),
  request: request({}, { environment: named as Bundle['request']['environment'] }),
})
const readOf = ({ lock }: Bundle): LockRead | null => {
  const opened = openBundle(Buffer.from(JSON.stringify({ bundle: { lock } })))
  return opened.json ? opened.lock : null
}
const refusal = (of: Bundle): [pointer: string | undefined, code: string] => {
  try {
    lockOfBundle(of, readOf(of))
    return [undefined, 'taken']
  } catch (error) {
    assert.ok(error instanceof ProblemError)
    return [error.findings[0]?.pointer, error.problem]
  }
}

test('the lock of a bundle is the one that its request names', () => {
  const own = bundle(ZLIB, { lock: ZLIB.id })
  assert.equal(lockOfBundle(own, readOf(own))?.id, ZLIB.id)
  assert.equal(lockOfBundle(bundle(null, null), null), null)
})

test('a bundle whose lock is another, or missing, or whose request names none, is refused at its place', () => {
  assert.deepEqual(refusal(bundle(XZ, { lock: ZLIB.id })), ['/bundle/lock', 'invalid-request'])
  assert.deepEqual(refusal(bundle(null, { lock: ZLIB.id })), ['/bundle/lock', 'invalid-request'])
  for (const named of [null, { name: 'ml' }, { spec: 'dependencies: [zlib]' }])
    assert.deepEqual(refusal(bundle(ZLIB, named)), ['/bundle/request/environment', 'invalid-request'])
})

test('a lock that is none is refused with what is wrong in it, and where', () => {
  const broken = { ...ZLIB.lock, conda: [{ ...ZLIB.lock.conda[0], md5: 'x' }] } as unknown as PinnedLock['lock']
  const [pointer, code] = refusal({ ...bundle(ZLIB, { lock: ZLIB.id }), lock: broken })
  assert.deepEqual([pointer, code], ['/bundle/lock/conda/0/md5', 'invalid-request'])
})
