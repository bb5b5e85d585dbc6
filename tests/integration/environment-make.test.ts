// Environments are made by a process of its own from a channel on loopback, with the stand-in installer: whatever happens, what is called
// made passes a look at every byte, and what went wrong is told.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { BuildFault } from '@trotline/contracts'
import type { PinnedLock } from '@trotline/environment'
import { removeTree } from '../../apps/worker/src/environment/remove.ts'
import { type ChannelServer, serveChannels } from '../support/channel-server.ts'
import { type BuiltChannel, buildChannel, type CondaPackage, PLACEHOLDER } from '../support/conda-channel.ts'
import {
  bundleMaker,
  createPlace,
  type EnvironmentPlace,
  lockOfChannel,
  STAND_IN,
} from '../support/environment-place.ts'
import { eventually } from '../support/eventually.ts'

const some = (folder: string, count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${folder}/${i}.txt`, `${folder} ${i}\n`.repeat(50)]))

const PACKAGES: readonly CondaPackage[] = [
  { name: 'libalpha', version: '1.0', build: 'h1_0', files: some('share/alpha', 40) },
  {
    name: 'beta',
    version: '2.1',
    build: 'h2_0',
    depends: ['libalpha', '__cuda >=9.2'],
    ending: '.tar.bz2',
    files: {
      'share/beta.txt': 'beta\n',
      'bin/beta': { content: `#!${PLACEHOLDER}/bin/python\nprint("beta")\n`, executable: true, prefix: 'text' },
      'lib/libbeta.so.2': {
        content: Buffer.concat([Buffer.from('\x7fELF\0'), Buffer.from(`${PLACEHOLDER}/lib`), Buffer.from('\0tail\0')]),
        prefix: 'binary',
      },
    },
    links: { 'lib/libbeta.so': 'libbeta.so.2' },
  },
  {
    name: 'python',
    version: '3.11.7',
    build: 'h3_0',
    files: { 'bin/python3.11': { content: '#!/bin/sh\nexec /usr/bin/python3 "$@"\n', executable: true } },
    links: { 'bin/python': 'python3.11' },
  },
  {
    name: 'gamma',
    version: '0.3',
    build: 'py_0',
    subdir: 'noarch',
    noarch: 'python',
    depends: ['python'],
    files: { 'site-packages/gamma/__init__.py': 'x = 1\n' },
  },
]

/** What ends soon is told by far from what ends at its time limit, on a loaded machine too. */
const LONG_SECONDS = 1800
const SOON_MS = 120_000

describe('environment-make', () => {
  const home = mkdtempSync(join(tmpdir(), 'trotline-make-'))
  let maker: string
  let channel: BuiltChannel
  let server: ChannelServer
  let lock: PinnedLock
  let place: EnvironmentPlace
  let places = 0

  before(async () => {
    maker = await bundleMaker(join(home, 'release'))
    channel = await buildChannel(join(home, 'channels', 'main'), PACKAGES)
    server = await serveChannels(join(home, 'channels'))
    lock = lockOfChannel(channel, `${server.url}/main`)
  })
  beforeEach(() => {
    server.behaveWell()
    server.forget()
    place = createPlace(join(home, `place-${++places}`), maker)
  })
  after(async () => {
    await server.close()
    await removeTree(home)
  })

  /** Nothing is there that could be taken for an environment, and the state tells why. */
  const failed = (code: BuildFault, words: RegExp, transient: boolean): void => {
    const state = place.state(lock.id)
    assert.equal(state.outcome, 'failed')
    assert.equal(state.trouble?.code, code, JSON.stringify(state.trouble))
    assert.match(state.trouble?.detail ?? '', words)
    assert.equal(state.trouble?.transient, transient)
    assert.ok(!existsSync(place.prefix(lock.id)))
    assert.deepEqual(
      readdirSync(join(place.root, '.made')).filter(name => name.startsWith(lock.id)),
      [],
    )
  }
  const whole = async (): Promise<void> => {
    const look = await place.look(lock.id)
    assert.equal(look.drift, null, JSON.stringify(look.drift))
    assert.ok(look.of > 0 && look.looked === look.of)
  }

  test('a lock becomes a read-only prefix that passes a look at every byte, and its marker tells of it', async () => {
    const { code, stderr } = await place.make(lock)
    assert.equal(code, 0, `${stderr}\n${place.log(lock.id)}`)
    const prefix = place.prefix(lock.id)
    const made = place.made(lock.id)
    assert.equal(made.prefix, prefix)
    assert.equal(made.packages, PACKAGES.length)
    assert.equal(made.installer.version, '2.0.5-standin')
    assert.ok(made.files > 45 && made.bytes > 0)
    assert.equal(place.state(lock.id).outcome, 'made')
    assert.match(
      readFileSync(join(prefix, 'bin/beta'), 'utf8'),
      new RegExp(`^#!(?:${prefix}/bin/python|/usr/bin/env python)\n`),
    )
    assert.ok(readFileSync(join(prefix, 'lib/libbeta.so.2')).includes(`${prefix}/lib\0`))
    assert.equal(readlinkSync(join(prefix, 'lib/libbeta.so')), 'libbeta.so.2')
    for (const path of ['', 'bin', 'bin/beta', 'share/alpha/7.txt', 'conda-meta'])
      assert.equal(lstatSync(join(prefix, path)).mode & 0o222, 0, path)
    assert.equal(lstatSync(join(prefix, 'share/alpha/7.txt')).nlink, 1)
    assert.equal(statSync(join(place.root, '.made', `${lock.id}.json`)).mode & 0o777, 0o644)
    await whole()
  })

  test('what was made is found ready, and nothing is fetched or installed again', async () => {
    await place.make(lock)
    server.forget()
    const { madeAt } = place.made(lock.id)
    assert.equal((await place.make(lock, { attempt: 2 })).code, 0)
    assert.equal(place.state(lock.id).outcome, 'ready')
    assert.equal(place.state(lock.id).attempt, 2)
    assert.equal(place.made(lock.id).madeAt, madeAt)
    assert.equal(server.requests.length, 0)
  })

  test('of 8 makers of one lock one installs, and all find it there', async () => {
    const makers = Array.from({ length: 8 }, () => place.start(lock))
    const codes = (await Promise.all(makers.map(({ ended }) => ended))).map(({ code }) => code)
    assert.deepEqual(codes, Array(8).fill(0))
    for (const at of channel.entries.keys()) assert.equal(server.count(basename(at)), 1, at)
    const log = place.log(lock.id)
    assert.equal(log.match(/^Transaction finished$/gm)?.length, 1)
    assert.equal(log.match(/ made$/gm)?.length, 1)
    assert.equal(log.match(/ ready$/gm)?.length, 7)
    await whole()
  })

  test('two locks that share packages are made side by side, and what one has fetched the other takes', async () => {
    const other = lockOfChannel(channel, `${server.url}/main`, ['libalpha', 'python'])
    const codes = await Promise.all([place.make(lock), place.make(other)])
    assert.deepEqual(
      codes.map(({ code }) => code),
      [0, 0],
    )
    assert.equal(server.count('libalpha-1.0-h1_0.conda'), 1)
    await whole()
    assert.equal((await place.look(other.id)).drift, null)
  })

  test('the form asked for counts: packed leaves one archive and no tree', async () => {
    assert.equal((await place.make(lock)).code, 0)
    const { code } = await place.make(lock, { form: 'packed' })
    assert.equal(code, 0, place.log(lock.id))
    const made = place.made(lock.id)
    assert.equal(made.form, 'packed')
    assert.equal(statSync(join(place.root, '.made', `${lock.id}.tar.gz`)).size, made.archive?.bytes)
    assert.ok(!existsSync(place.prefix(lock.id)))
    assert.equal((await place.look(lock.id)).drift, null)
  })

  test('offline it installs what was brought, and asks no network', async () => {
    bring()
    const { code } = await place.make(lock, { offline: true })
    assert.equal(code, 0, place.log(lock.id))
    assert.equal(server.requests.length, 0)
    await whole()
  })

  /** As the server lays archives in. */
  function bring(leaveOut?: string): void {
    for (const [at, { sha256, name }] of channel.entries) {
      if (name === leaveOut) continue
      const to = join(place.root, '.packages', 'archives', sha256, basename(at))
      if (existsSync(to)) continue
      mkdirSync(dirname(to), { recursive: true })
      copyFileSync(join(channel.directory, at), to)
      chmodSync(to, 0o444)
    }
  }

  test('offline, an archive that was not brought is named before anything is installed', async () => {
    bring('beta')
    assert.equal((await place.make(lock, { offline: true })).code, 1)
    failed('archive-unavailable', /beta-2\.1-h2_0\.tar\.bz2 was not brought/, true)
  })

  test('an archive that was brought with one byte changed is not installed, and can be brought anew', async () => {
    bring()
    const entry = channel.entries.get('linux-64/beta-2.1-h2_0.tar.bz2')
    const file = join(place.root, '.packages', 'archives', entry?.sha256 ?? '', 'beta-2.1-h2_0.tar.bz2')
    const bytes = readFileSync(file)
    bytes[40] = (bytes[40] ?? 0) ^ 1
    chmodSync(file, 0o644)
    writeFileSync(file, bytes)
    assert.equal((await place.make(lock, { offline: true })).code, 1)
    failed('archive-changed', /beta-2\.1-h2_0\.tar\.bz2 is not what the lock names/, true)
    // The server brings what is not there, by its name and size.
    assert.ok(!existsSync(file))
    bring()
    assert.equal((await place.make(lock, { offline: true, attempt: 2 })).code, 0, place.log(lock.id))
    await whole()
  })

  test('archives are taken from a mirror, and the lock keeps their own addresses', async () => {
    const far = lockOfChannel(channel, 'http://channel.example.test/main')
    const mirrors = { 'http://channel.example.test/': `${server.url}/` }
    const { code } = await place.make(far, { mirrors })
    assert.equal(code, 0, place.log(far.id))
    assert.equal((await place.look(far.id)).drift, null)
    assert.equal(server.count('beta-2.1-h2_0.tar.bz2'), 1)
  })

  describe('what cannot be had', () => {
    test('an archive that is gone is said to be gone', async () => {
      server.behave(/beta/, { kind: 'status', status: 404 })
      assert.equal((await place.make(lock)).code, 1)
      failed('archive-unavailable', /no longer there, or is refused.*beta-2\.1-h2_0\.tar\.bz2/, false)
      assert.ok(place.state(lock.id).trouble?.evidence.some(line => /404/.test(line)))
    })

    test('a channel that fails is tried again by whoever asked, and then it goes on from what it has', async () => {
      server.behave(/beta/, { kind: 'status', status: 503 })
      assert.equal((await place.make(lock)).code, 1)
      failed('archive-unavailable', /the network, or the other side, failed/, true)
      server.behaveWell()
      server.forget()
      assert.equal((await place.make(lock, { attempt: 2 })).code, 0)
      assert.equal(server.count('libalpha-1.0-h1_0.conda'), 0)
      await whole()
    })

    for (const [what, behaviour] of [
      ['drops the connection', { kind: 'drop' }],
      ['sends half of it', { kind: 'cut', bytes: 100, how: 'length' }],
    ] as const)
      test(`a channel that ${what} is no archive`, async () => {
        server.behave(/libalpha/, behaviour)
        assert.equal((await place.make(lock)).code, 1)
        failed('archive-unavailable', /the network, or the other side, failed/, true)
      })

    test('a channel that sends something else is not believed', async () => {
      server.behave(/libalpha/, { kind: 'body', body: 'not an archive' })
      assert.equal((await place.make(lock)).code, 1)
      failed('archive-changed', /another hash than the lock/, false)
    })

    test('an archive with the md5 of the lock and not its sha256 is not installed', async () => {
      const wrong: PinnedLock = lockWith(entry => ({ ...entry, sha256: '0'.repeat(64) }))
      assert.equal((await place.make(wrong)).code, 1)
      assert.equal(place.state(wrong.id).trouble?.code, 'archive-changed')
      assert.ok(!existsSync(place.prefix(wrong.id)))
    })

    const lockWith = (change: (entry: { sha256: string }) => object): PinnedLock => {
      const entries = new Map([...channel.entries].map(([at, entry]) => [at, { ...entry, ...change(entry) }] as const))
      return lockOfChannel({ ...channel, entries }, `${server.url}/main`)
    }
  })

  describe('what ends it', () => {
    test('a channel that hangs ends at the time limit, and nothing of it runs on', async () => {
      server.behave(/beta/, { kind: 'hang' })
      assert.equal((await place.make(lock, { timeLimitSeconds: 3 })).code, 1)
      failed('time-limit', /not made within 3 seconds/, true)
      assert.deepEqual(processesOf(place.prefix(lock.id)), [])
    })

    test('cancelled in the middle it ends within seconds, its installer with it', async () => {
      server.behave(/beta/, { kind: 'hang' })
      const { child, ended } = place.start(lock, { timeLimitSeconds: LONG_SECONDS })
      await eventually('the installer runs', () => processesOf(place.prefix(lock.id)).length > 0)
      const from = performance.now()
      child.kill('SIGTERM')
      assert.equal((await ended).code, 1)
      assert.ok(performance.now() - from < SOON_MS)
      failed('cancelled', /cancelled/, false)
      assert.deepEqual(processesOf(place.prefix(lock.id)), [])
    })

    test('cancelled while it waits for another, it leaves that one alone', async () => {
      server.behave(/beta/, { kind: 'hang' })
      const first = place.start(lock)
      await eventually('the installer runs', () => processesOf(place.prefix(lock.id)).length > 0)
      const second = place.start(lock, { attempt: 2 })
      await eventually('the second waits', () => place.log(lock.id).includes('waiting'))
      second.child.kill('SIGTERM')
      assert.equal((await second.ended).code, 1)
      // The state is of whoever wrote last, and the first goes on writing.
      assert.match(place.log(lock.id), / cancelled: It was cancelled while it was made\.$/m)
      assert.ok(processesOf(place.prefix(lock.id)).length > 0)
      first.child.kill('SIGTERM')
      await first.ended
    })

    test('an installer whose maker is killed is ended, and whoever comes next does not wait for its time limit', async () => {
      server.behave(/beta/, { kind: 'hang' })
      const first = place.start(lock, { timeLimitSeconds: LONG_SECONDS })
      await eventually('the installer runs', () => processesOf(place.prefix(lock.id)).length > 0)
      await eventually('it hangs', () => server.count('beta-2.1-h2_0.tar.bz2') > 0)
      first.child.kill('SIGKILL')
      await first.ended
      server.behaveWell()
      const from = performance.now()
      assert.equal((await place.make(lock, { attempt: 2 })).code, 0, place.log(lock.id))
      assert.ok(performance.now() - from < SOON_MS)
      await whole()
    })

    test('an installer that does not end with its maker keeps the lock: whoever comes next waits for its end', async () => {
      // timeout(1) gives it ten seconds from its maker's death.
      const stubborn = program('micromamba', `trap '' TERM\n: >"$0.deaf"\nuntil [ -e "$0.go" ]; do sleep 0.05; done`)
      const installers = [{ tool: 'micromamba' as const, path: stubborn }]
      const first = place.start(lock, { installers })
      await eventually('it hears nothing', () => existsSync(`${stubborn}.deaf`))
      const second = place.start(lock, { attempt: 2 })
      await eventually('the second waits', () => place.log(lock.id).includes('waiting'))
      first.child.kill('SIGKILL')
      await first.ended
      assert.ok(processesOf(place.prefix(lock.id)).length > 0)
      await eventually('the second waits still', () => {
        const { attempt, step } = place.state(lock.id)
        return attempt === 2 && step === 'wait'
      })
      writeFileSync(`${stubborn}.go`, '')
      assert.equal((await second.ended).code, 0, place.log(lock.id))
      assert.deepEqual(processesOf(place.prefix(lock.id)), [])
      await whole()
    })

    test('what an installer leaves in the background, in a session of its own, is ended before it is looked at what is there', async () => {
      const busy = program('micromamba', 'setsid sleep 600 </dev/null >/dev/null 2>&1 &')
      const { code } = await place.make(lock, { installers: [{ tool: 'micromamba', path: busy }] })
      assert.equal(code, 0, place.log(lock.id))
      assert.match(place.log(lock.id), /left in the background were ended: 1$/m)
      await whole()
    })
  })

  /** The stand-in, after a few lines of shell: $PREFIX is where it installs to. */
  function program(name: string, before: string, after = ''): string {
    const path = join(place.root, name)
    const lines = [
      '#!/bin/sh',
      'if [ "$1" = --version ]; then echo 2.0.5; exit; fi',
      'for arg; do case $arg in',
      '*/environments/*[0-9a-f]) [ -d "$arg" ] || PREFIX=$arg;; esac; done',
      before,
      `${STAND_IN} "$@" || exit`,
      after,
    ]
    writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o755 })
    return path
  }

  test('made and then changed, it goes to the quarantine and is made anew', async () => {
    await place.make(lock)
    const file = join(place.prefix(lock.id), 'share/alpha/3.txt')
    chmodSync(file, 0o644)
    writeFileSync(file, 'changed by somebody\n')
    assert.equal((await place.make(lock, { attempt: 2 })).code, 0, place.log(lock.id))
    assert.equal(place.state(lock.id).outcome, 'made')
    assert.equal(readdirSync(join(place.root, '.quarantine')).filter(name => name.startsWith(lock.id)).length, 1)
    await whole()
  })

  test('what lies unpacked in the cache is not believed: a package altered there is unpacked anew', async () => {
    const entry = channel.entries.get('linux-64/beta-2.1-h2_0.tar.bz2')
    const packages = join(place.root, '.packages')
    const archive = join(packages, 'beta-2.1-h2_0.tar.bz2')
    copyFileSync(join(channel.directory, 'linux-64/beta-2.1-h2_0.tar.bz2'), archive)
    const folder = join(packages, 'beta-2.1-h2_0')
    const unpacked = spawnSync('cph', ['extract', archive, '--dest', folder], { encoding: 'utf8' })
    assert.equal(unpacked.status, 0, unpacked.stderr)
    const index = JSON.parse(readFileSync(join(folder, 'info/index.json'), 'utf8'))
    writeFileSync(join(folder, 'info/repodata_record.json'), JSON.stringify({ ...index, sha256: entry?.sha256 }))
    // The prefix is put into it, so that installers hash what they find.
    writeFileSync(join(folder, 'bin/beta'), `#!${PLACEHOLDER}/bin/python\nprint("altered")\n`)
    assert.equal((await place.make(lock)).code, 0, place.log(lock.id))
    assert.match(readFileSync(join(place.prefix(lock.id), 'bin/beta'), 'utf8'), /print\("beta"\)/)
    assert.deepEqual(
      readdirSync(packages).filter(name => lstatSync(join(packages, name)).isDirectory()),
      ['archives'],
    )
  })

  test('an installer that keeps no archive and notes only its md5 leaves nothing that could be believed', async () => {
    const forget = `rm "$CONDA_PKGS_DIRS"/beta-2.1-h2_0.tar.bz2 && sed -i '/^  "sha256"/d' "$PREFIX"/conda-meta/beta-*.json`
    const installers = [{ tool: 'micromamba' as const, path: program('micromamba', '', forget) }]
    assert.equal((await place.make(lock, { installers })).code, 1)
    failed('installer-failed', /kept no archive of beta 2\.1 and noted no sha256 of it/, false)
  })

  test('where the file system does not say what is made, nothing is removed', async () => {
    await place.make(lock)
    const marker = join(place.root, '.made', `${lock.id}.json`)
    const text = readFileSync(marker)
    rmSync(marker)
    mkdirSync(marker)
    assert.equal((await place.make(lock, { attempt: 2 })).code, 1)
    const { trouble } = place.state(lock.id)
    assert.deepEqual([trouble?.code, trouble?.transient], ['storage', true])
    assert.match(trouble?.detail ?? '', /cannot be read \(EISDIR\)/)
    rmSync(marker, { recursive: true })
    writeFileSync(marker, text)
    await whole()
  })

  test('a marker without its tree, and a tree without its marker, are no environments', async () => {
    await place.make(lock)
    rmSync(join(place.root, '.made', `${lock.id}.json`))
    assert.equal((await place.run('look', place.root, lock.id, 'times')).code, 1)
    assert.equal((await place.make(lock, { attempt: 2 })).code, 0)
    assert.equal(place.state(lock.id).outcome, 'made')
    await whole()
  })

  describe('installers', () => {
    test('those on the PATH are found with what they say of themselves', async () => {
      const here = createPlace(join(home, 'with-path'), maker, {
        settings: { PATH: `${dirname(STAND_IN)}:/usr/bin:/bin` },
      })
      const { stdout, code } = await here.run('installers')
      assert.equal(code, 0)
      assert.deepEqual(JSON.parse(stdout), [{ tool: 'micromamba', path: STAND_IN, version: '2.0.5-standin' }])
    })

    test('without one it is said what would do', async () => {
      assert.equal((await place.make(lock, { installers: [] })).code, 1)
      failed('no-installer', /Neither micromamba, mamba, conda nor pixi is on the PATH/, false)
    })

    test('one that is not there, not itself or too old is passed over, and each says why', async () => {
      const tool = (name: string, says: string): string => {
        const path = join(place.root, `${name}-${places}`)
        writeFileSync(path, `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 })
        return path
      }
      const installers = [
        { tool: 'conda', path: '/nowhere/conda' },
        { tool: 'mamba', path: tool('mamba', 'hello') },
        { tool: 'conda', path: tool('conda', 'conda 4.3.16') },
      ] as const
      assert.equal((await place.make(lock, { installers: [...installers] })).code, 1)
      failed(
        'no-installer',
        /\/nowhere\/conda is not a program.*does not say a version of mamba.*notes no hashes/,
        false,
      )
      assert.equal(
        (await place.make(lock, { installers: [...installers, { tool: 'micromamba', path: STAND_IN }] })).code,
        0,
      )
    })
  })

  test('an order that is not of its lock makes nothing', async () => {
    const { code } = await place.make({ ...lock, id: 'f'.repeat(64) })
    assert.equal(code, 1)
    assert.match(place.state('f'.repeat(64)).trouble?.detail ?? '', /orders the lock f+, and holds the lock/)
  })

  test('a disk that fills up is told as such, and nothing half made is left on it', async t => {
    const small = join(home, 'small')
    mkdirSync(small)
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', small], {
      encoding: 'utf8',
    })
    if (status !== 0) return t.skip(`a small file system cannot be mounted here: ${stderr.trim()}`)
    try {
      const big = { name: 'big', version: '1', build: '0', files: { 'share/zeros': Buffer.alloc(8 * 1024 ** 2) } }
      const channelOfBig = await buildChannel(join(home, 'channels', 'big'), [big])
      lock = lockOfChannel(channelOfBig, `${server.url}/big`)
      place = createPlace(small, maker)
      assert.equal((await place.make(lock)).code, 1)
      failed('storage', /found no room/, true)
    } finally {
      lock = lockOfChannel(channel, `${server.url}/main`)
      spawnSync('umount', [small])
    }
  })

  test('an environment that cannot fit is not begun', async () => {
    const entries = new Map([...channel.entries].map(([at, entry]) => [at, { ...entry, size: 2 ** 50 }] as const))
    const huge = lockOfChannel({ ...channel, entries }, `${server.url}/main`)
    assert.equal((await place.make(huge)).code, 1)
    const { trouble } = place.state(huge.id)
    assert.equal(trouble?.code, 'storage')
    assert.match(trouble?.detail ?? '', /takes [\d,]+ MiB at the least/)
    assert.equal(server.requests.length, 0)
  })

  test('of a package the stand-in writes what rattler was recorded to write, of the same kinds, and what else conda has', async () => {
    assert.equal((await place.make(lock)).code, 0)
    const ours = (name: string): Json => jsonIn(join(place.prefix(lock.id), 'conda-meta'), name)
    const pairs = [
      ['beta-', 'recorded-'],
      ['python-', 'python-'],
      ['gamma-', 'pure-'],
    ] as const
    for (const [mine, theirs] of pairs) {
      const [written, recorded] = [ours(mine), jsonIn(RECORDED, theirs)]
      // constrains is there only where the package has some.
      const missing = Object.keys(recorded).filter(key => !(key in written) && key !== 'constrains')
      assert.deepEqual(missing, [], mine)
      const more = Object.keys(written).filter(key => !(key in recorded))
      assert.deepEqual(more.sort(), ['package_tarball_full_path', 'requested_spec'])
      for (const [key, value] of Object.entries(recorded))
        if (key in written) assert.equal(kindOf(written[key]), kindOf(value), `${mine} ${key}`)
      for (const entry of pathsOf(recorded)) {
        const like = pathsOf(written).find(
          one => one.path_type === entry.path_type && one.file_mode === entry.file_mode,
        )
        assert.ok(like, `${mine} has no ${entry.path_type} ${entry.file_mode ?? ''}`)
        // rattler leaves sha256_in_prefix out where nothing was put into a file; conda and libmamba write it always.
        assert.deepEqual(Object.keys(like).sort(), [...new Set([...Object.keys(entry), 'sha256_in_prefix'])].sort())
      }
    }
  })
})

type Json = Record<string, unknown>

/** How it was recorded stands in its README. */
const RECORDED = fileURLToPath(new URL('../fixtures/conda/rattler-0.28', import.meta.url))

const jsonIn = (folder: string, start: string): Json => {
  const name = readdirSync(folder).find(one => one.startsWith(start) && one.endsWith('.json'))
  return JSON.parse(readFileSync(join(folder, name ?? ''), 'utf8'))
}
const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)
const pathsOf = (record: Json): Json[] => (record.paths_data as { paths: Json[] }).paths

/** Processes that have the path in their arguments, but for ourselves. */
function processesOf(path: string): number[] {
  return readdirSync('/proc').flatMap(name => {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) return []
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(path) ? [pid] : []
    } catch {
      return []
    }
  })
}
