// The worker release on its way to a real file system, over a local transport: brought once, replaced where it is damaged, and
// no remains of an upload that failed.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { createLocalTransport, SlurmError, type Transport } from '@trotline/slurm'

import type { ClusterAccess } from '../../apps/orchestrator/src/clusters/access.ts'
import { makeSharedDirectories } from '../../apps/orchestrator/src/clusters/directories.ts'
import { provideRelease } from '../../apps/orchestrator/src/clusters/provide-release.ts'
import {
  bringRelease,
  releaseIsWhole,
  releaseWasWhole,
  type WorkerRelease,
} from '../../apps/orchestrator/src/clusters/release.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const folder = mkdtempSync(join(tmpdir(), 'trotline-upload-'))
const transport = createLocalTransport()
after(async () => {
  await transport.close()
  rmSync(folder, { recursive: true, force: true })
})

const WORKER = 'console.log("trains")\n'

function builtRelease(worker = WORKER): WorkerRelease {
  const files = [{ path: 'worker.mjs', sha256: sha256(worker), bytes: worker.length }]
  const manifest = JSON.stringify({ files })
  const id = sha256(manifest)
  const directory = join(folder, 'built', id)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'worker.mjs'), worker)
  return { id, directory, manifest, files }
}

describe('uploading the worker release', () => {
  const release = builtRelease()
  let workDir = ''
  const releases = (...path: string[]): string => join(workDir, 'releases', ...path)
  const provide = (over: Transport = transport): Promise<void> => bringRelease(over, workDir, release)
  beforeEach(() => {
    workDir = mkdtempSync(join(folder, 'work-'))
    mkdirSync(releases())
  })

  test('what is there and whole is not sent again: two jobs run the same file', async () => {
    await provide()
    const first = statSync(releases(release.id, 'worker.mjs'))
    await provide()
    const second = statSync(releases(release.id, 'worker.mjs'))
    assert.deepEqual([second.ino, second.mode & 0o777], [first.ino, 0o444])
    assert.deepEqual(readdirSync(releases()), [release.id])
  })

  test('two identities that need it at the same moment wait for one upload', async () => {
    let files = 0
    const counting: Transport = {
      ...transport,
      put(...args) {
        files++
        return transport.put(...args)
      },
    }
    await Promise.all([provide(counting), provide(counting)])
    assert.equal(files, release.files.length + 1)
    assert.deepEqual(readdirSync(releases()), [release.id])
  })

  test('an answer from before another’s upload does not have the release replaced that was brought meanwhile', async () => {
    let [asked, heard, came] = [0, () => {}, () => {}]
    const [first, late] = [new Promise<void>(done => (came = done)), new Promise<void>(done => (heard = done))]
    const slow: Transport = {
      ...transport,
      async exec(argv, options) {
        const answer = await transport.exec(argv, options)
        if (argv[0] === 'sha256sum' && ++asked === 1) {
          came()
          await late
        }
        return answer
      },
    }
    const cluster = {
      settings: { workDir },
      identity: () => ({ transport: slow }),
      service: () => ({ transport: slow }),
    }
    const behind = provideRelease(cluster as unknown as ClusterAccess, 'default', release)
    await first
    await provide(slow)
    const brought = statSync(releases(release.id)).ino
    heard()
    await behind
    assert.equal(statSync(releases(release.id)).ino, brought)
    assert.ok(!readdirSync(releases()).some(name => name.startsWith('.')))
  })

  test('the shared folders are made by many at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const place = mkdtempSync(join(folder, 'work-'))
      await Promise.all(Array.from({ length: 8 }, () => makeSharedDirectories(transport, place)))
      const modes = ['releases', 'environments', 'jobs'].map(name => statSync(join(place, name)).mode & 0o7777)
      assert.deepEqual(modes, [0o755, 0o755, 0o1777])
    }
  })

  test('of two releases each is uploaded and proved for itself, over one connection too', async () => {
    const other = builtRelease('console.log("trains with more")\n')
    await Promise.all([release, other].map(one => bringRelease(transport, workDir, one)))
    assert.deepEqual(readdirSync(releases()).sort(), [release.id, other.id].sort())
    for (const one of [release, other]) assert.ok(await releaseWasWhole(transport, workDir, one))
    chmodSync(releases(other.id), 0o755)
    rmSync(releases(other.id, 'worker.mjs'))
    const fresh = { ...transport }
    assert.ok(await releaseWasWhole(fresh, workDir, release))
    assert.ok(!(await releaseWasWhole(fresh, workDir, other)), 'that one is whole says nothing of the other')
  })

  test('a file that was damaged is replaced', async () => {
    await provide()
    const file = releases(release.id, 'worker.mjs')
    const before = statSync(file).ino
    chmodSync(file, 0o644)
    writeFileSync(file, 'console.log("mines")\n')
    await provide()
    assert.equal(readFileSync(file, 'utf8'), WORKER)
    assert.notEqual(statSync(file).ino, before, 'a worker that runs keeps the file that it has opened')
    assert.ok(await releaseIsWhole(transport, workDir, release))
  })

  test('an upload that fails leaves nothing', async () => {
    const full: Transport = {
      ...transport,
      put: async () => {
        throw new SlurmError('FILE_FAILED')
      },
    }
    await assert.rejects(provide(full), { code: 'FILE_FAILED' })
    assert.deepEqual(readdirSync(releases()), [])
  })

  test('what an upload left because its connection was cut goes with the next one', async () => {
    let cut = true
    const weak: Transport = {
      ...transport,
      put: (...args) => (cut ? Promise.reject(new SlurmError('SSH_LOST')) : transport.put(...args)),
      exec: (argv, options) =>
        cut && argv.includes('remove') ? Promise.reject(new SlurmError('SSH_LOST')) : transport.exec(argv, options),
    }
    await assert.rejects(provide(weak), { code: 'SSH_LOST' })
    assert.equal(readdirSync(releases()).length, 1)
    cut = false
    await provide(weak)
    assert.deepEqual(readdirSync(releases()), [release.id])
  })
})
