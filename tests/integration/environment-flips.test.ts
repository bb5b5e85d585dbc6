// An environment that the maker made from real archives, and 200 bytes flipped at random in what was installed and in the archives: each is
// caught, and named. The draws are the same each time.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { PinnedLock } from '@trotline/environment'
import { enterEnvironment } from '../../apps/worker/src/environment/enter.ts'
import { lookAtEnvironment } from '../../apps/worker/src/environment/look.ts'
import { readyCache } from '../../apps/worker/src/environment/package-cache.ts'
import { removeTree } from '../../apps/worker/src/environment/remove.ts'
import { type ChannelServer, serveChannels } from '../support/channel-server.ts'
import { buildChannel, type CondaPackage, PLACEHOLDER } from '../support/conda-channel.ts'
import { bundleMaker, createPlace, type EnvironmentPlace, lockOfChannel } from '../support/environment-place.ts'
import { filesIn, flip, random } from './environment-flip.ts'

const PACKAGES: readonly CondaPackage[] = [
  {
    name: 'libalpha',
    version: '1.0',
    build: 'h1_0',
    files: Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`share/alpha/${i}.txt`, `alpha ${i}\n`.repeat(200)]),
    ),
  },
  {
    name: 'beta',
    version: '2.1',
    build: 'h2_0',
    depends: ['libalpha'],
    ending: '.tar.bz2',
    files: {
      'bin/beta': { content: `#!/bin/sh\necho "beta of ${PLACEHOLDER}"\n`, executable: true, prefix: 'text' },
      'lib/libbeta.so.2': { content: Buffer.from(`\x7fELF\0${PLACEHOLDER}/lib\0tail\0`, 'latin1'), prefix: 'binary' },
    },
    links: { 'lib/libbeta.so': 'libbeta.so.2' },
  },
]

describe('an environment that the maker made', () => {
  const home = mkdtempSync(join(tmpdir(), 'trotline-flips-'))
  let server: ChannelServer
  let lock: PinnedLock
  let place: EnvironmentPlace

  before(async () => {
    const maker = await bundleMaker(join(home, 'release'))
    const channel = await buildChannel(join(home, 'channels', 'main'), PACKAGES)
    server = await serveChannels(join(home, 'channels'))
    lock = lockOfChannel(channel, `${server.url}/main`)
    place = createPlace(home, maker)
    const { code } = await place.make(lock)
    assert.equal(code, 0, place.log(lock.id))
  })
  after(async () => {
    await server.close()
    await removeTree(home)
  })

  test('and of 200 bytes flipped in its files and archives each is caught, with its name', async () => {
    const draw = random(27_112_026)
    const prefix = place.prefix(lock.id)
    const packages = join(place.root, '.packages')
    const installed = filesIn(prefix)
    const archives = readdirSync(packages).filter(name => /\.(?:conda|tar\.bz2)$/.test(name))
    assert.equal(archives.length, PACKAGES.length)
    const looks = {
      bytes: () => lookAtEnvironment(place.root, lock.id, 'bytes'),
      times: () => lookAtEnvironment(place.root, lock.id, 'times', { budgetMs: 10_000 }),
    }
    // As a maker finds them: what is not the lock's goes out, and is missed where nothing can be fetched.
    const ready = () =>
      readyCache(packages, { lock: lock.lock, offline: true, mirrors: {} }, new AbortController().signal)
    for (const look of Object.values(looks)) assert.equal((await look()).drift, null)
    await ready()
    for (let trial = 0; trial < 200; trial++) {
      const ofArchive = trial % 4 === 3
      const among = ofArchive ? archives.map(name => join(packages, name)) : installed
      const path = among[Math.floor(draw() * among.length)] ?? ''
      const name = path.slice((ofArchive ? packages : prefix).length + 1)
      const restore = flip(path, draw)
      if (ofArchive) {
        await assert.rejects(ready(), (error: Error) => error.message.startsWith(name), `trial ${trial}: ${name}`)
        assert.ok(!existsSync(path))
      } else
        for (const look of Object.values(looks)) {
          const { drift } = await look()
          assert.ok(
            drift?.files.some(file => file.path === name && file.what !== 'extra' && file.what !== 'missing'),
            `trial ${trial}: ${name}: ${JSON.stringify(drift)}`,
          )
        }
      restore()
    }
    for (const look of Object.values(looks)) assert.equal((await look()).drift, null)
    await ready()
  })

  test('and packed is unpacked, moved and run on a node, and its archive with one byte flipped is not', async () => {
    const { code } = await place.make(lock, { form: 'packed', attempt: 2 })
    assert.equal(code, 0, place.log(lock.id))
    // A path that is no longer than the one it was made at.
    const scratch = mkdtempSync('/tmp/e-')
    const env = { lockId: lock.id, root: place.root, form: 'packed' as const, place: scratch }
    const options = { slurmJobId: '1', salt: '1', say: () => undefined }
    try {
      const entered = await enterEnvironment(env, options)
      assert.ok('prefix' in entered, JSON.stringify(entered))
      assert.equal(execFileSync(join(entered.prefix, 'bin/beta'), { encoding: 'utf8' }), `beta of ${entered.prefix}\n`)
      assert.ok(readFileSync(join(entered.prefix, 'lib/libbeta.so')).includes(`${entered.prefix}/lib\0`))
      await entered.leave()
      const restore = flip(join(place.root, '.made', `${lock.id}.tar.gz`), random(5))
      const again = await enterEnvironment(env, options)
      assert.equal('failure' in again ? again.failure.code : 'entered', 'environment-drift')
      restore()
    } finally {
      await removeTree(scratch)
    }
  })
})
