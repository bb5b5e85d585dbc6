import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { BUNDLE_FILES, Bundle } from '@trotline/contracts'
import { makeLock, type PinnedLock, writeLock } from '@trotline/environment'
import { readBundle } from '../../../apps/cli/src/bundle/read-bundle.ts'
import { readTar } from '../../../apps/cli/src/bundle/read-tar.ts'
import { bundleArchive, bundleOf } from '../../../apps/orchestrator/src/lifecycle/bundle.ts'
import { originalOf, originalOfBundle } from '../../../apps/orchestrator/src/lifecycle/rerun-original.ts'
import { record, request, sha256, trainingReport } from '../../support/job-records.ts'

const pinned = ((): PinnedLock => {
  const lock = makeLock({
    platform: 'linux-64',
    records: [
      {
        url: 'https://channels.example.org/main/linux-64/zlib-1.2.11-h7b6447c_3.tar.bz2',
        md5: '0'.repeat(32),
        sha256: sha256('zlib'),
        size: 120_000,
      },
    ],
  })
  if (!lock.ok) throw new Error(JSON.stringify(lock))
  return lock.value
})()

const TEXTS = { canonical: writeLock(pinned, 'trotline').text, explicit: writeLock(pinned, 'explicit').text }

const job = record(
  {
    state: 'completed',
    request: request({}, { environment: { name: 'ml' } }),
    environment: { lock: pinned.id, name: 'ml@3', look: null },
    worker: { release: sha256('release'), runtime: 'v20.20.2' },
    result: trainingReport({ weightsSha256: sha256('weights') }),
    data: [{ path: '/data/mpg.csv', bytes: 10, sha256: sha256('rows') }],
  },
  { script: '#!/bin/bash\nexec worker\n' },
)

test('of one record the archive has the same bytes each time', async () => {
  const make = () => bundleArchive(bundleOf(job, null), TEXTS)
  assert.deepEqual(await make(), await make())
})

test('the command line reads out of it what was put in, and what it repeats is the job', async () => {
  const bundle = bundleOf(job, pinned)
  const read = readBundle(await bundleArchive(bundleOf(job, null), TEXTS), 'bundle.tgz')
  assert.deepEqual(read, Bundle.parse(bundle))
  const { pointer: _, ...again } = originalOfBundle(read, pinned.id, false)
  const { pointer: __, ...before } = originalOf(job)
  assert.deepEqual(again, before)
})

test('the lock in it is the canonical one, so that its sha256 is the id; the script and the result lie beside it', async () => {
  const files = readTar(gunzipSync(await bundleArchive(bundleOf(job, null), TEXTS)), 'bundle.tgz')
  const text = (name: string) => Buffer.from(files.get(`trotline-${job.id}/${name}`) ?? []).toString()
  assert.equal(sha256(text(BUNDLE_FILES.lock)), pinned.id)
  assert.match(text(BUNDLE_FILES.explicit), /^@EXPLICIT$/m)
  assert.equal(text(BUNDLE_FILES.script), job.inner.script)
  assert.match(text(BUNDLE_FILES.readMe), new RegExp(`Job ${job.id} `))
  assert.equal(files.size, Object.keys(BUNDLE_FILES).length)
})

test('a job without an environment and before its first submission has neither lock nor script', async () => {
  const files = readTar(gunzipSync(await bundleArchive(bundleOf(record(), null), null)), 'bundle.tgz')
  const names = [...files.keys()].map(path => path.split('/')[1])
  assert.deepEqual(names, [BUNDLE_FILES.readMe, BUNDLE_FILES.bundle, BUNDLE_FILES.request])
})
