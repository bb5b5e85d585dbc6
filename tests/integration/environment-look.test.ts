// Environments on disk and what can happen to them: whatever is not what its lock says is found, and named with the package it belongs to.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { EnvironmentLook, type LockedPip } from '@trotline/contracts'
import { fileNameOf, folderNameOf } from '../../apps/worker/src/environment/install-source.ts'
import { listCommand, listEnvironments } from '../../apps/worker/src/environment/list.ts'
import { lookAtEnvironment, lookCommand } from '../../apps/worker/src/environment/look.ts'
import { lookAtBytes } from '../../apps/worker/src/environment/look-bytes.ts'
import { lookAtTimes } from '../../apps/worker/src/environment/look-times.ts'
import { madePaths, readMade, readManifest } from '../../apps/worker/src/environment/made-files.ts'
import { readyCache } from '../../apps/worker/src/environment/package-cache.ts'
import { quarantineCommand } from '../../apps/worker/src/environment/quarantine.ts'
import { removeCommand } from '../../apps/worker/src/environment/remove.ts'
import { filesIn, flip, random } from './environment-flip.ts'
import { lockOf, makeScene, publish, type Scene, type ScenePackage, SMALL } from './environment-scene.ts'

/** A changing hand in a tree that is read-only. */
function writable(scene: Scene, path: string): string {
  const whole = join(scene.prefix, path)
  if (existsSync(dirname(whole))) chmodSync(dirname(whole), 0o755)
  if (existsSync(whole) && lstatSync(whole).isFile()) chmodSync(whole, 0o644)
  return whole
}

const bytesOf = ({ root, lockId }: Scene) => lookAtEnvironment(root, lockId, 'bytes')
const timesOf = ({ root, lockId }: Scene) => lookAtEnvironment(root, lockId, 'times', { budgetMs: 5000 })

describe('an environment that was made', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = makeScene(SMALL)
    await publish(scene)
  })
  afterEach(() => scene.removeAll())

  test('is found as it was made, by both looks, and both say how much they looked at', async () => {
    for (const look of [await bytesOf(scene), await timesOf(scene)]) {
      assert.equal(EnvironmentLook.parse(look).drift, null)
      assert.deepEqual([look.looked, look.of], [22, 22])
    }
  })

  const harm: [string, (at: (path: string) => string) => void, RegExp][] = [
    [
      'a file with other bytes',
      at => writeFileSync(at('lib/python3.9/site.py'), 'import sos\n'),
      /lib\/python3.9\/site.py.*python 3.9.1 h0_0|lib\/python3.9\/site.py of python 3.9.1 h0_0/,
    ],
    ['a file that is gone', at => rmSync(at('include/zlib.h')), /include\/zlib.h of zlib 1.2.13 h0_0 is missing/],
    ['a file more', at => writeFileSync(at('lib/more.so'), 'x'), /lib\/more.so is there, and no package brought it/],
    [
      'a file more at its top',
      at => writeFileSync(at('more.txt'), 'x'),
      /more.txt is there, and no package brought it/,
    ],
    ['a folder more', at => mkdirSync(at('lib/python3.9/torch')), /lib\/python3.9\/torch is there/],
    [
      'a link that leads elsewhere',
      at => {
        rmSync(at('bin/python'))
        symlinkSync('/usr/bin/env', at('bin/python'))
      },
      /bin\/python of python 3.9.1 h0_0|bin\/python has/,
    ],
    [
      'a file that became a link to the same bytes',
      at => {
        renameSync(at('include/zlib.h'), at('../zlib.h'))
        symlinkSync('../../zlib.h', at('include/zlib.h'))
      },
      /include\/zlib.h/,
    ],
    [
      'a file that became a folder',
      at => {
        rmSync(at('include/zlib.h'))
        mkdirSync(at('include/zlib.h'))
      },
      /include\/zlib.h/,
    ],
    [
      'a file that became a pipe, which nobody waits for',
      at => {
        rmSync(at('include/zlib.h'))
        execFileSync('mkfifo', [at('include/zlib.h')])
      },
      /include\/zlib.h/,
    ],
    ['a program that may not be run', at => chmodSync(at('bin/python3.9'), 0o444), /bin\/python3.9/],
    [
      'bytecode of when it was made with other bytes',
      at => writeFileSync(at('lib/python3.9/site-packages/__pycache__/six.cpython-39.pyc'), Buffer.from([1, 2, 3, 5])),
      /six.cpython-39.pyc/,
    ],
    ['a history with a line more', at => appendFileSync(at('conda-meta/history'), '# cmd: conda install\n'), /history/],
    [
      'a folder whose name changed',
      at => renameSync(at('lib/python3.9/site-packages'), at('lib/python3.9/site-package')),
      /lib\/python3.9\/site-packages/,
    ],
    ['no files at all', at => renameSync(at('.'), `${at('.')}.away`), /conda-meta|\. is missing|cannot be read/],
  ]
  for (const [what, act, words] of harm)
    test(`with ${what} is drift by both looks, in words`, async () => {
      act(path => writable(scene, path))
      for (const look of [await bytesOf(scene), await timesOf(scene)]) {
        assert.match(JSON.stringify(EnvironmentLook.parse(look).drift), words, look.depth)
      }
    })

  test('that was changed and given its old mtime again is drift by its ctime', async () => {
    const path = writable(scene, 'lib/python3.9/site.py')
    const { mtimeNs } = lstatSync(path, { bigint: true })
    const old = join(scene.root, 'old.py')
    execFileSync('cp', ['-p', path, old])
    writeFileSync(path, 'import sos\n')
    execFileSync('touch', ['-r', old, path])
    assert.equal(lstatSync(path, { bigint: true }).mtimeNs, mtimeNs)
    assert.match((await timesOf(scene)).drift?.detail ?? '', /site.py has other bytes than python 3.9.1 h0_0 brought/)
  })

  test('that was touched, linked to, made writable and restored with the same bytes is as it was made', async () => {
    utimesSync(writable(scene, 'lib/python3.9/site.py'), new Date(), new Date())
    linkSync(writable(scene, 'include/zlib.h'), join(scene.root, 'link'))
    const path = writable(scene, 'lib/python3.9/os.py')
    cpSync(path, join(scene.root, 'os.py'), { preserveTimestamps: true })
    rmSync(path)
    cpSync(join(scene.root, 'os.py'), path, { preserveTimestamps: true })
    for (const look of [await bytesOf(scene), await timesOf(scene)]) {
      assert.equal(look.drift, null, look.depth)
      assert.equal(look.looked, look.of)
    }
  })

  test('may have bytecode that Python wrote later beside its modules, and no other', async () => {
    mkdirSync(writable(scene, 'lib/python3.9/__pycache__'))
    const cache = writable(scene, 'lib/python3.9/__pycache__/os.cpython-39.pyc')
    writeFileSync(cache, 'x')
    writeFileSync(writable(scene, 'lib/python3.9/site-packages/__pycache__/six.cpython-39.opt-1.pyc'), 'x')
    for (const look of [await bytesOf(scene), await timesOf(scene)]) assert.equal(look.drift, null, look.depth)
    writeFileSync(writable(scene, 'lib/python3.9/site-packages/__pycache__/other.cpython-39.pyc'), 'x')
    for (const look of [await bytesOf(scene), await timesOf(scene)])
      assert.match(look.drift?.detail ?? '', /other.cpython-39.pyc is there/, look.depth)
  })

  test('whose list of files or marker was changed is drift, since nothing can be proven any more', async () => {
    const { files, marker } = madePaths(scene.root, scene.lockId)
    const restore = flip(files, random(1))
    for (const look of [await bytesOf(scene), await timesOf(scene)])
      assert.match(look.drift?.detail ?? '', /\.files, the list of all files .* is not what was written/)
    restore()
    rmSync(files)
    assert.match((await timesOf(scene)).drift?.detail ?? '', /is gone/)
    writeFileSync(marker, '{}')
    assert.match((await timesOf(scene)).drift?.detail ?? '', /is not the marker/)
  })

  test('without a marker was never made, and its lock is believed only for its id', async () => {
    const { marker, lockJson } = madePaths(scene.root, scene.lockId)
    writeFileSync(lockJson, JSON.stringify(lockOf(SMALL.slice(1))))
    await assert.rejects(bytesOf(scene), /is not the lock/)
    rmSync(marker)
    await assert.rejects(timesOf(scene), /is not made here/)
  })

  test('is looked at only as far as the time goes: folders first, other files in each job, and the look says how many', async () => {
    const bulk = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`share/bulk/${i}`, `${i}`]))
    const large = makeScene([{ name: 'bulk', files: bulk }])
    try {
      await publish(large)
      const manifest = readManifest(large.root, readMade(large.root, large.lockId))
      const { prefix, lockId } = large
      const short = (salt: string) => {
        let now = 0
        return lookAtTimes({ prefix, lockId, manifest, salt }, { budgetMs: 3, clock: () => now++ })
      }
      const look = await short('a')
      assert.ok(look.looked >= manifest.directories && look.looked < look.of / 2, `${look.looked} of ${look.of}`)
      assert.equal(look.drift, null)
      writeFileSync(writable(large, 'share/bulk/77'), 'another')
      const jobs = Array.from({ length: 64 }, (_, i) => short(`job ${i}`))
      const caught = (await Promise.all(jobs)).filter(one => one.drift?.files[0]?.path === 'share/bulk/77').length
      assert.ok(caught > 0 && caught < 32, `${caught} of 64`)
    } finally {
      await large.removeAll()
    }
  })

  test('is put aside whole, listed there, and is not made any more', async () => {
    const { root, lockId, prefix } = scene
    const out: string[] = []
    assert.equal(await quarantineCommand([root, lockId], text => out.push(text)), 0)
    const { path } = JSON.parse(out[0] ?? '') as { path: string }
    assert.ok(path.startsWith(`${root}/.quarantine/${lockId}-`))
    assert.deepEqual(readdirSync(path).sort(), ['files', 'made.json', 'tree'])
    assert.ok(!existsSync(prefix))
    await assert.rejects(timesOf(scene), /is not made here/)
    const there = await listEnvironments(root)
    assert.deepEqual([there.made, there.halfMade, there.quarantine.length], [[], [], 1])
    assert.equal(there.quarantine[0]?.files, 16)
    assert.equal(await quarantineCommand([root, lockId], text => out.push(text)), 0)
    assert.deepEqual(JSON.parse(out[1] ?? ''), { path: null })
    assert.equal(readdirSync(join(root, '.quarantine')).length, 1)
  })

  test('of those that were put aside the newest is kept, of each lock', async () => {
    const { root, lockId } = scene
    const aside = join(root, '.quarantine')
    const [older, others] = [`${lockId}-20200101T000000000Z`, `${'f'.repeat(64)}-20200101T000000000Z`]
    for (const name of [older, others]) mkdirSync(join(aside, name, 'tree'), { recursive: true })
    chmodSync(join(aside, older, 'tree'), 0o555)
    const out: string[] = []
    assert.equal(await quarantineCommand([root, lockId], text => out.push(text)), 0)
    const { path } = JSON.parse(out[0] ?? '') as { path: string }
    assert.deepEqual(readdirSync(aside).sort(), [basename(path), others].sort())
  })

  test('is removed with everything that belongs to it, read-only as it is; removed again there is nothing', async () => {
    const { root, lockId, prefix } = scene
    const listed = await listEnvironments(root)
    assert.deepEqual([listed.made.map(one => one.lockId), listed.halfMade], [[lockId], []])
    const answers: { bytes: number; files: number }[] = []
    for (let i = 0; i < 2; i++)
      assert.equal(await removeCommand([root, lockId], text => answers.push(JSON.parse(text))), 0)
    assert.equal(answers[0]?.files, 16)
    assert.ok((answers[0]?.bytes ?? 0) > 1000)
    assert.deepEqual(answers[1], { bytes: 0, files: 0 })
    assert.deepEqual([existsSync(prefix), readdirSync(join(root, '.made'))], [false, []])
  })

  test('of which a maker was killed half way is listed as half made', async () => {
    const { root, lockId } = scene
    rmSync(madePaths(root, lockId).marker)
    let text = ''
    assert.equal(await listCommand([root], said => (text += said)), 0)
    const there = JSON.parse(text) as Awaited<ReturnType<typeof listEnvironments>>
    assert.deepEqual([there.made, there.halfMade.map(one => one.lockId)], [[], [lockId]])
  })

  test('is asked for by a root and an id, and by nothing else', async () => {
    const said: string[] = []
    const out = (text: string) => void said.push(text)
    for (const args of [[], ['relative', scene.lockId, 'bytes'], [scene.root, '../..', 'bytes']])
      assert.equal(await lookCommand(args, out), 64)
    assert.equal(await lookCommand([scene.root, scene.lockId, 'deep'], out), 1)
    assert.equal(await lookCommand([scene.root, 'f'.repeat(64), 'times'], out), 1)
    assert.equal(await lookCommand([scene.root, scene.lockId, 'times'], out), 0)
    const answers = said.map(text => JSON.parse(text) as { problem?: string; code?: string; drift?: null })
    assert.equal(answers[4]?.code, 'missing')
    assert.equal(answers[5]?.drift, null)
  })
})

describe('of 200 bytes flipped at random', () => {
  let scene: Scene
  before(async () => {
    scene = makeScene(SMALL)
    await publish(scene)
  })
  after(() => scene.removeAll())

  test('in installed files each is caught, with the file and its package, by its bytes and by its times', async () => {
    const draw = random(20261127)
    const files = filesIn(scene.prefix)
    for (let trial = 0; trial < 200; trial++) {
      const path = files[Math.floor(draw() * files.length)] ?? ''
      const restore = flip(path, draw)
      const name = path.slice(scene.prefix.length + 1)
      for (const look of [await bytesOf(scene), await timesOf(scene)]) {
        const told = look.drift?.files.find(one => one.path === name)
        assert.ok(told !== undefined, `trial ${trial}: ${name} by its ${look.depth}`)
        if (!name.startsWith('conda-meta/')) assert.match(told.package ?? '', /^(zlib|python|six) /)
      }
      restore()
    }
    assert.equal((await bytesOf(scene)).drift, null)
  })

  test('in archives, fetched or brought, each is caught before it is installed, and the archive is believed no more', async () => {
    const draw = random(9_000_001)
    const packages = join(scene.root, '.packages')
    const lock = layArchives(packages)
    const archives = filesIn(packages).filter(path => path.endsWith('.conda'))
    const ready = (): Promise<void> =>
      readyCache(packages, { lock, offline: true, mirrors: {} }, new AbortController().signal)
    await ready()
    for (let trial = 0; trial < 200; trial++) {
      const path = archives[Math.floor(draw() * archives.length)] ?? ''
      const restore = flip(path, draw)
      await assert.rejects(ready(), (error: Error) => error.message.startsWith(basename(path)), `trial ${trial}`)
      assert.ok(!existsSync(path))
      restore()
    }
    await ready()
  })

  test('nothing is believed that was unpacked of archives before', async () => {
    const packages = join(scene.root, '.packages')
    const lock = layArchives(packages)
    const folders = lock.conda.map(one => join(packages, folderNameOf(one)))
    for (const folder of folders) mkdirSync(join(folder, 'info'), { recursive: true })
    await readyCache(packages, { lock, offline: true, mirrors: {} }, new AbortController().signal)
    assert.deepEqual(folders.filter(existsSync), [])
  })

  /** Archives of made-up bytes in both places; the lock that names them. */
  function layArchives(packages: string): ReturnType<typeof lockOf> {
    const draw = random(3)
    const sum = (content: Buffer, kind: string) => createHash(kind).update(content).digest('hex')
    const lock = lockOf(SMALL)
    rmSync(packages, { recursive: true, force: true })
    for (const one of lock.conda) {
      const content = Buffer.from(Array.from({ length: 3000 }, () => Math.floor(draw() * 256)))
      Object.assign(one, { md5: sum(content, 'md5'), sha256: sum(content, 'sha256') })
      const path =
        one.name === 'six' ? join(packages, 'archives', one.sha256, fileNameOf(one)) : join(packages, fileNameOf(one))
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    }
    return lock
  }
})

test('a look that has all files to read, since all have other times, is ended between two of them', async () => {
  const scene = makeScene(SMALL)
  try {
    await publish(scene)
    for (const path of filesIn(scene.prefix)) utimesSync(path, 1, 1)
    const { root, lockId, prefix } = scene
    const manifest = readManifest(root, readMade(root, lockId))
    const stop = new AbortController()
    const looking = lookAtTimes({ prefix, lockId, manifest, salt: '1' }, { signal: stop.signal })
    // In the second turn it reads.
    setImmediate(() => setImmediate(() => stop.abort(new Error('stopped'))))
    await assert.rejects(looking, /stopped/)
  } finally {
    await scene.removeAll()
  }
})

describe('an environment that is being made', () => {
  const scenes: Scene[] = []
  after(() => Promise.all(scenes.map(scene => scene.removeAll())))
  const sceneOf = (packages: readonly ScenePackage[], pip: LockedPip[] = []): Scene => {
    const scene = makeScene(packages, pip)
    scenes.push(scene)
    return scene
  }
  const lookAt = async ({ prefix, lock, lockId }: Scene) =>
    (await lookAtBytes({ prefix, lock, lockId, manifest: null })).look.drift
  const recordOf = ({ prefix }: Scene, name: string): string =>
    join(prefix, 'conda-meta', readdirSync(join(prefix, 'conda-meta')).find(one => one.startsWith(`${name}-`)) ?? '')
  function editRecord(scene: Scene, name: string, edit: (record: ScenePackageRecord) => void): void {
    const record = JSON.parse(readFileSync(recordOf(scene, name), 'utf8')) as ScenePackageRecord
    edit(record)
    writeFileSync(recordOf(scene, name), JSON.stringify(record))
  }
  interface ScenePackageRecord {
    [key: string]: unknown
    files: string[]
    paths_data: { paths: { _path: string; [key: string]: unknown }[] }
  }

  const wrong: [string, (scene: Scene) => void, RegExp][] = [
    ['lacks a package', scene => rmSync(recordOf(scene, 'six')), /six 1.16.0 h0_0 is in the lock and is not installed/],
    [
      'has a package more',
      scene =>
        writeFileSync(
          join(scene.prefix, 'conda-meta/pip-1-0.json'),
          JSON.stringify({ name: 'pip', version: '1', build: '0', subdir: 'noarch', md5: 'a' }),
        ),
      /pip 1 0 is installed and is not in the lock/,
    ],
    ['has another build', scene => editRecord(scene, 'six', one => (one.build = 'h1_0')), /the lock has build h0_0/],
    [
      'has a package for another platform',
      scene => editRecord(scene, 'six', one => (one.subdir = 'noarch')),
      /subdir linux-64/,
    ],
    [
      'has a package of another archive',
      scene => editRecord(scene, 'six', one => (one.sha256 = 'b'.repeat(64))),
      /was installed from an archive with sha256 b+, and the lock has/,
    ],
    [
      'has a package of an archive with another md5, and no sha256',
      scene => editRecord(scene, 'six', one => Object.assign(one, { sha256: undefined, md5: 'c'.repeat(32) })),
      /md5 c+, and the lock/,
    ],
    [
      'has a package of an archive without any hash',
      scene => editRecord(scene, 'six', one => Object.assign(one, { sha256: undefined, md5: undefined })),
      /nobody wrote down/,
    ],
    // conda 23.11 was seen to write it so when it installed altered files from its cache.
    [
      'lists files without hashes',
      scene => editRecord(scene, 'python', one => (one.paths_data.paths = [])),
      /python 3.9.1 h0_0 lists 4 files without a hash/,
    ],
    [
      'has a record that is no JSON',
      scene => writeFileSync(recordOf(scene, 'six'), '{'),
      /six-1.16.0-h0_0.json cannot be read/,
    ],
    [
      'has a record that leads out of it',
      scene => editRecord(scene, 'six', one => (one.paths_data.paths[0] = { _path: '../../etc/passwd' })),
      /is no record of a package: .*_path is not a path within the prefix/,
    ],
    [
      'has a record that leads out of it behind a line break',
      scene =>
        editRecord(scene, 'six', one => {
          one.paths_data.paths[0] = { _path: 'a\n/../../../etc/passwd' }
        }),
      /_path is not a path within the prefix/,
    ],
    ['has no history', scene => rmSync(join(scene.prefix, 'conda-meta/history')), /conda-meta\/history is missing/],
    [
      'is no environment',
      scene => rmSync(join(scene.prefix, 'conda-meta'), { recursive: true }),
      /no environment of conda/,
    ],
    [
      'has a file that no package brought',
      scene => writeFileSync(join(scene.prefix, 'lib/half.so'), ''),
      /lib\/half.so is there, and no package brought it/,
    ],
    [
      'has a file that was altered in the cache, with the hash of the altered one in its record (micromamba hashes what it has linked)',
      scene => {
        writeFileSync(join(scene.prefix, 'include/zlib.h'), 'x')
        const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'
        editRecord(scene, 'zlib', one => {
          const path = one.paths_data.paths.find(each => each._path === 'include/zlib.h')
          if (path !== undefined) path.sha256_in_prefix = sha256
        })
      },
      /include\/zlib.h of zlib 1.2.13 h0_0 has other bytes than in its archive, and no prefix in it/,
    ],
    [
      'has a link within a package that leads to another of its files',
      scene => {
        rmSync(join(scene.prefix, 'lib/libz.so'))
        symlinkSync('../include/zlib.h', join(scene.prefix, 'lib/libz.so'))
      },
      /lib\/libz.so has other bytes than zlib/,
    ],
  ]
  for (const [what, act, words] of wrong)
    test(`that ${what} is not let through`, async () => {
      const scene = sceneOf(SMALL)
      assert.equal(await lookAt(scene), null)
      act(scene)
      assert.match((await lookAt(scene))?.detail ?? '', words)
    })

  const fine: [string, (scene: Scene) => void][] = [
    [
      'records without sha256 and with the md5 of the lock',
      scene => editRecord(scene, 'six', one => Object.assign(one, { sha256: undefined })),
    ],
    // As rattler writes them: recorded in tests/fixtures/conda/rattler-0.28.
    [
      'records that leave out sha256_in_prefix where nothing was patched in',
      scene =>
        editRecord(scene, 'zlib', one => {
          for (const path of one.paths_data.paths)
            if (path.sha256 === path.sha256_in_prefix) delete path.sha256_in_prefix
        }),
    ],
    [
      'a CACHEDIR.TAG at its top',
      scene => writeFileSync(join(scene.prefix, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55'),
    ],
    [
      'bytecode that pip left as it ran',
      scene =>
        writeFileSync(join(scene.prefix, 'lib/python3.9/site-packages/__pycache__/six.cpython-39.opt-2.pyc'), 'x'),
    ],
    [
      'bytecode that stands among the files of a package and not among its hashes',
      scene =>
        editRecord(scene, 'six', one => {
          one.paths_data.paths = one.paths_data.paths.filter(path => !path._path.endsWith('.pyc'))
        }),
    ],
    [
      'bytecode that could not be compiled',
      scene => rmSync(join(scene.prefix, 'lib/python3.9/site-packages/__pycache__/six.cpython-39.pyc')),
    ],
  ]
  for (const [what, act] of fine)
    test(`may have ${what}`, async () => {
      const scene = sceneOf(SMALL)
      act(scene)
      assert.equal(await lookAt(scene), null)
    })

  test('may have files that lie behind a link which another package brought', async () => {
    const scene = sceneOf([
      { name: 'filesystem', files: { 'lib/keep': 'x', lib64: { content: 'lib', type: 'softlink' } } },
      { name: 'cuda', files: { 'lib64/libcudart.so': 'of cuda' } },
    ])
    assert.equal(readFileSync(join(scene.prefix, 'lib/libcudart.so'), 'utf8'), 'of cuda')
    assert.equal(await lookAt(scene), null)
    writeFileSync(join(scene.prefix, 'lib/libcudart.so'), 'other')
    assert.match((await lookAt(scene))?.detail ?? '', /lib\/libcudart.so has other bytes than cuda 1.0 h0_0 brought$/)
  })

  test('with two packages of one file has to have the bytes of one of them', async () => {
    const scene = sceneOf([
      { name: 'a', files: { 'lib/same': 'of a' } },
      { name: 'b', files: { 'lib/same': 'of b' } },
    ])
    assert.equal(await lookAt(scene), null)
    writeFileSync(join(scene.prefix, 'lib/same'), 'of a')
    assert.equal(await lookAt(scene), null)
    writeFileSync(join(scene.prefix, 'lib/same'), 'of c')
    assert.match((await lookAt(scene))?.detail ?? '', /lib\/same has other bytes/)
  })

  test('may have what a package’s own script left, and that counts from then on', async () => {
    const script = { 'bin/.fonts-post-link.sh': { content: '#!/bin/sh\n', executable: true } }
    const scene = sceneOf([...SMALL, { name: 'fonts', files: script }])
    mkdirSync(join(scene.prefix, 'var'))
    writeFileSync(join(scene.prefix, 'var/fonts.cache'), 'x')
    await publish(scene)
    assert.equal((await bytesOf(scene)).drift, null)
    writeFileSync(writable(scene, 'var/fonts.cache'), 'y')
    assert.match((await bytesOf(scene)).drift?.detail ?? '', /var\/fonts.cache is not what it was/)
  })

  const WHEEL = { name: 'tiny-thing', version: '1.0', sha256: ['d'.repeat(64)] }
  function installWheel({ prefix }: Scene, version = '1.0'): string {
    const site = join(prefix, 'lib/python3.9/site-packages')
    const info = join(site, `tiny_thing-${version}.dist-info`)
    mkdirSync(info)
    writeFileSync(join(site, 'tiny_thing.py'), 'x = 1\n')
    writeFileSync(join(prefix, 'bin/tiny, "thing"'), '#!/bin/sh\n')
    writeFileSync(join(info, 'METADATA'), 'Name: tiny-thing\n')
    const hash = (path: string) => `sha256=${createHash('sha256').update(readFileSync(path)).digest('base64url')}`
    const rows = [
      `tiny_thing.py,${hash(join(site, 'tiny_thing.py'))},6`,
      `"../../../bin/tiny, ""thing""",${hash(join(prefix, 'bin/tiny, "thing"'))},10`,
      `tiny_thing-${version}.dist-info/METADATA,${hash(join(info, 'METADATA'))},17`,
      `tiny_thing-${version}.dist-info/RECORD,,`,
      '__pycache__/tiny_thing.cpython-39.pyc,,',
    ]
    writeFileSync(join(info, 'RECORD'), `${rows.join('\r\n')}\r\n`)
    return info
  }

  test('with a package of pip has its files, by pip’s own list of them', async () => {
    const scene = sceneOf(SMALL, [WHEEL])
    assert.match((await lookAt(scene))?.detail ?? '', /tiny-thing 1.0 \(pip\) is in the lock and is not installed/)
    installWheel(scene)
    assert.equal(await lookAt(scene), null)
    writeFileSync(join(scene.prefix, 'lib/python3.9/site-packages/tiny_thing.py'), 'x = 2\n')
    assert.match(
      (await lookAt(scene))?.detail ?? '',
      /tiny_thing.py has other bytes than tiny-thing 1.0 \(pip\) brought/,
    )
  })

  test('with another version of a package of pip, without its list, or with files that have no hash, is not let through', async () => {
    const other = sceneOf(SMALL, [WHEEL])
    installWheel(other, '1.1')
    assert.match((await lookAt(other))?.detail ?? '', /tiny-thing 1.0 \(pip\) is in the lock, and 1.1 is installed/)
    const without = sceneOf(SMALL, [WHEEL])
    rmSync(join(installWheel(without), 'RECORD'))
    assert.match((await lookAt(without))?.detail ?? '', /pip wrote no list of its files/)
    const bare = sceneOf(SMALL, [WHEEL])
    appendFileSync(join(installWheel(bare), 'RECORD'), 'other.py,,\r\n')
    assert.match((await lookAt(bare))?.detail ?? '', /tiny-thing 1.0 \(pip\) lists 1 file without a hash/)
  })

  test('and a package of pip that the lock has not is told file by file', async () => {
    const scene = sceneOf(SMALL)
    installWheel(scene)
    const drift = await lookAt(scene)
    assert.ok(
      drift?.files.some(one => one.path === 'lib/python3.9/site-packages/tiny_thing.py' && one.what === 'extra'),
    )
  })
})
