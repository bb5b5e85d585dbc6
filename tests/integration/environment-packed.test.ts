// The packed form: one archive on the cluster, one copy on the node for as long as a job of that user is in it.
import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type EnvironmentLook, MadeEnvironment, type RunEnvironment, RunFailure } from '@trotline/contracts'
import { copyPaths } from '../../apps/worker/src/environment/copy.ts'
import { isMarkThere, isThere, markOf, markText } from '../../apps/worker/src/environment/copy-uses.ts'
import { type Entered, enterEnvironment } from '../../apps/worker/src/environment/enter.ts'
import { lookAtEnvironment } from '../../apps/worker/src/environment/look.ts'
import { madePaths } from '../../apps/worker/src/environment/made-files.ts'
import { packPrefix } from '../../apps/worker/src/environment/pack.ts'
import { relocateFile } from '../../apps/worker/src/environment/relocate.ts'
import { removeTree } from '../../apps/worker/src/environment/remove.ts'
import { makeScene, PLACEHOLDER, publish, type Scene, type ScenePackage, SMALL } from './environment-scene.ts'

const UID = process.getuid?.() ?? 0
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What a small environment may have besides: an absolute link into itself, and a string that lies across two reads. */
const ODD: ScenePackage = {
  name: 'odd',
  files: {
    'lib/across.bin': {
      content: Buffer.concat([
        Buffer.alloc(1_048_576 - 100, 1),
        Buffer.from(`${PLACEHOLDER}/share\0`),
        Buffer.alloc(2_000_000, 2),
      ]),
      prefix: 'binary',
    },
    'etc/a name with\nodd signs': 'x',
    'share/lib': { content: `${PLACEHOLDER}/lib`, type: 'softlink' },
  },
}

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'e-'))
})
afterEach(() => removeTree(place))

function entry(
  scene: Scene,
  slurmJobId = '7',
): { env: RunEnvironment; options: Parameters<typeof enterEnvironment>[1]; said: string[] } {
  const said: string[] = []
  const env = { lockId: scene.lockId, root: scene.root, form: 'packed' as const, place }
  return { env, options: { slurmJobId, salt: slurmJobId, say: line => void said.push(line) }, said }
}

async function enter(scene: Scene, slurmJobId?: string): Promise<Entered> {
  const { env, options } = entry(scene, slurmJobId)
  const entered = await enterEnvironment(env, options)
  if ('failure' in entered) assert.fail(entered.failure.detail)
  return entered
}

async function refused(scene: Scene): Promise<{ failure: RunFailure; look: EnvironmentLook | null }> {
  const { env, options } = entry(scene)
  const entered = await enterEnvironment(env, options)
  if ('prefix' in entered) assert.fail('it was entered')
  RunFailure.parse(entered.failure)
  return entered
}

describe('a packed environment', () => {
  let scene: Scene
  before(async () => {
    scene = makeScene([...SMALL, ODD])
    await publish(scene, 'packed')
  })
  after(() => scene.removeAll())

  test('is one archive and no tree, and the same prefix gives the same bytes of it', async () => {
    const { tree, archive, marker } = madePaths(scene.root, scene.lockId)
    assert.ok(!existsSync(tree))
    const { archive: told } = MadeEnvironment.parse(JSON.parse(readFileSync(marker, 'utf8')))
    assert.equal(told?.bytes, lstatSync(archive).size)
    const prefix = join(place, 'p')
    mkdirSync(join(prefix, 'lib'), { recursive: true })
    writeFileSync(join(prefix, 'lib/-x'), 'x')
    writeFileSync(join(prefix, '-name'), 'x')
    const one = await packPrefix({ prefix, archive: join(place, '1.tar.gz') })
    const two = await packPrefix({ prefix, archive: join(place, '2.tar.gz') })
    assert.deepEqual(one, two)
    assert.deepEqual(
      execFileSync('tar', ['-tzf', join(place, '1.tar.gz')])
        .toString()
        .split('\n'),
      ['./-name', './lib/', './lib/-x', ''],
    )
  })

  test('is unpacked where the job is, moved there in text, in binary files and in links, and every byte of it was looked at', async () => {
    const { prefix, look, leave } = await enter(scene)
    assert.equal(prefix, `${place}/trotline-${UID}/${scene.lockId}`)
    assert.deepEqual([look.depth, look.drift, look.looked], ['bytes', null, look.of])
    assert.equal(execFileSync(join(prefix, 'bin/python')).toString(), `Python 3.9.1 at ${prefix}\n`)
    const library = readFileSync(join(prefix, 'lib/libz.so'), 'latin1')
    assert.match(library, new RegExp(`^\x7fELF\\0\\0rpath=${prefix}/lib:${prefix}/lib64\\0+end\\0$`))
    assert.equal(library.length, 8 + 'rpath='.length + 2 * 255 + '/lib:/lib64'.length + 5 - 2)
    const across = readFileSync(join(prefix, 'lib/across.bin'))
    assert.equal(across.length, 1_048_576 - 100 + 255 + 7 + 2_000_000)
    assert.equal(
      across
        .subarray(1_048_576 - 100)
        .subarray(0, prefix.length + 7)
        .toString(),
      `${prefix}/share\0`,
    )
    assert.ok(
      across.subarray(0, 1_048_476).every(byte => byte === 1) && across.subarray(-2_000_000).every(byte => byte === 2),
    )
    assert.equal(readlinkSync(join(prefix, 'share/lib')), `${prefix}/lib`)
    assert.equal(readFileSync(join(prefix, 'etc/a name with\nodd signs'), 'utf8'), 'x')
    assert.equal(lstatSync(prefix).mode & 0o7777, 0o555)
    assert.equal(lstatSync(join(prefix, 'bin/python3.9')).mode & 0o7777, 0o555)
    await leave()
  })

  test('is there for the second job at once, and gone when the last has left', async () => {
    const first = await enter(scene, '7')
    const second = await enter(scene, '8')
    assert.deepEqual([second.look.depth, second.look.drift, second.look.looked], ['times', null, second.look.of])
    await first.leave()
    assert.ok(existsSync(join(second.prefix, 'bin/python')))
    await second.leave()
    assert.ok(!existsSync(second.prefix))
    assert.deepEqual(readdirSync(copyPaths(place, scene.lockId, UID).folder).sort(), ['lock', 'uses'])
    await second.leave()
  })

  test('whose copy was changed is unpacked anew, and not under the feet of another job', async () => {
    const first = await enter(scene, '7')
    const file = join(first.prefix, 'lib/python3.9/os.py')
    chmodSync(file, 0o644)
    writeFileSync(file, 'import abd\n')
    const { failure } = await refused(scene)
    assert.equal(failure.code, 'environment-unpack')
    assert.match(
      failure.detail,
      /os.py has other bytes than python 3.9.1 h0_0 brought\), and cannot be replaced while Slurm job 7 uses it/,
    )
    // As if the job had been killed: its process is gone.
    rmSync(copyPaths(place, scene.lockId, UID).uses, { recursive: true })
    const { env, options, said } = entry(scene)
    const again = await enterEnvironment(env, options)
    assert.ok('prefix' in again)
    assert.match(said[0] ?? '', /is not as it was unpacked .* it is unpacked anew/)
    assert.equal(readFileSync(file, 'utf8'), 'import abc\n')
    await again.leave()
  })

  test('that was made anew does not take the copy of the old one from under a job that is in it', async () => {
    const first = await enter(scene, '7')
    const { note } = copyPaths(place, scene.lockId, UID)
    writeFileSync(note, readFileSync(note, 'utf8').replace(/"archive":"./, '"archive":"x'))
    assert.match(
      (await refused(scene)).failure.detail,
      /is of an archive that was made anew since, and cannot be replaced/,
    )
    await first.leave()
    const second = await enter(scene, '8')
    assert.equal(second.look.depth, 'bytes')
    await second.leave()
  })

  test('that does not fit on the node’s disk is refused before anything is written there', async () => {
    const { marker } = madePaths(scene.root, scene.lockId)
    const text = readFileSync(marker, 'utf8')
    writeFileSync(marker, JSON.stringify({ ...JSON.parse(text), bytes: 2 ** 50 }))
    const { failure } = await refused(scene)
    writeFileSync(marker, text)
    assert.equal(failure.code, 'environment-unpack')
    assert.match(failure.detail, /takes 1,073,741,824 MiB unpacked, and .* has [\d,]+ MiB left/)
  })

  test('is not taken for a tree by a job that was told of one', async () => {
    const { env, options } = entry(scene)
    const entered = await enterEnvironment({ ...env, form: 'tree', place: scene.prefix }, options)
    assert.equal('failure' in entered ? entered.failure.code : 'entered', 'environment-missing')
  })

  test('is refused where the path on the node is longer than the one it was made at', async () => {
    const deep = join(place, 'x'.repeat(120))
    mkdirSync(deep)
    const { env, options } = entry(scene)
    const entered = await enterEnvironment({ ...env, place: deep }, options)
    assert.ok('failure' in entered)
    assert.match(entered.failure.detail, /cannot be moved to .*: its files have room for \d+ characters/)
  })

  test('is not unpacked into a folder that somebody else has put there, nor where there is none', async () => {
    const base = join(place, `trotline-${UID}`)
    symlinkSync(tmpdir(), base)
    assert.match((await refused(scene)).failure.detail, /has to be a folder of user \d+ that nobody else can write to/)
    rmSync(base)
    mkdirSync(base)
    chmodSync(base, 0o777)
    assert.match((await refused(scene)).failure.detail, /nobody else can write to/)
    rmSync(base, { recursive: true })
    chmodSync(place, 0o777)
    assert.match((await refused(scene)).failure.detail, /may be written to by others and has no sticky bit/)
    chmodSync(place, 0o700)
    const { env, options } = entry(scene)
    const entered = await enterEnvironment({ ...env, place: join(place, 'not') }, options)
    assert.match(
      'failure' in entered ? entered.failure.detail : '',
      /not, where environments are to be unpacked, is not there/,
    )
  })
})

describe('an archive that is not what was packed', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = makeScene(SMALL)
    await publish(scene, 'packed')
  })
  afterEach(() => scene.removeAll())

  test('with one byte flipped anywhere is drift, and leaves nothing on the node', async () => {
    const { archive } = madePaths(scene.root, scene.lockId)
    const bytes = readFileSync(archive)
    for (const at of [0, 4, 9, 10, 500, bytes.length - 9, bytes.length - 1]) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      writeFileSync(archive, flipped)
      const { failure, look } = await refused(scene)
      assert.equal(failure.code, 'environment-drift', `byte ${at}`)
      assert.match(failure.detail, /\.tar\.gz has other bytes than when it was packed\.$/)
      assert.equal(look?.drift?.files[0]?.path, `.made/${scene.lockId}.tar.gz`)
      assert.match((await lookAtEnvironment(scene.root, scene.lockId, 'bytes')).drift?.detail ?? '', /other bytes/)
      const { base, folder } = copyPaths(place, scene.lockId, UID)
      assert.deepEqual([readdirSync(base), readdirSync(folder)], [['.copies'], ['lock']])
    }
    writeFileSync(archive, bytes)
    assert.equal((await lookAtEnvironment(scene.root, scene.lockId, 'bytes')).drift, null)
  })

  test('that was cut short, or is gone, is drift', async () => {
    const { archive } = madePaths(scene.root, scene.lockId)
    writeFileSync(archive, readFileSync(archive).subarray(0, -20))
    assert.equal((await refused(scene)).failure.code, 'environment-drift')
    assert.match((await lookAtEnvironment(scene.root, scene.lockId, 'times')).drift?.detail ?? '', /another size/)
    rmSync(archive)
    assert.match((await refused(scene)).failure.detail, /is gone/)
    assert.match((await lookAtEnvironment(scene.root, scene.lockId, 'times')).drift?.detail ?? '', /is gone/)
  })
})

describe('a tree', () => {
  test('is entered where it lies, and one that drifted is refused with its files', async () => {
    const scene = makeScene(SMALL)
    try {
      await publish(scene)
      const { prefix, look, leave } = await enter(scene)
      assert.deepEqual([prefix, look.depth, look.drift], [scene.prefix, 'times', null])
      await leave()
      assert.ok(existsSync(prefix))
      const file = join(prefix, 'include/zlib.h')
      chmodSync(file, 0o644)
      writeFileSync(file, 'x')
      const { failure, look: seen } = await refused(scene)
      assert.deepEqual(
        [failure.code, failure.evidence],
        ['environment-drift', ['changed include/zlib.h (zlib 1.2.13 h0_0)']],
      )
      assert.equal(seen?.drift?.count, 1)
      rmSync(madePaths(scene.root, scene.lockId).marker)
      assert.equal((await refused(scene)).failure.code, 'environment-missing')
    } finally {
      await scene.removeAll()
    }
  })

  test('is not entered when the job is stopped meanwhile', async () => {
    const scene = makeScene(SMALL)
    try {
      await publish(scene, 'packed')
      const { env, options } = entry(scene)
      const signal = AbortSignal.abort(new Error('stopped'))
      await assert.rejects(enterEnvironment(env, { ...options, signal }), /stopped/)
    } finally {
      await scene.removeAll()
    }
  })
})

describe('processes on one node', () => {
  let scene: Scene
  const children: ChildProcessWithoutNullStreams[] = []
  before(async () => {
    const bulk = Object.fromEntries(
      Array.from({ length: 4000 }, (_, i) => [`share/bulk/${i % 100}/${i}.txt`, `${i} `.repeat(2000)]),
    )
    scene = makeScene([...SMALL, { name: 'bulk', files: bulk }])
    await publish(scene, 'packed')
  })
  after(() => scene.removeAll())
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  interface Running {
    child: ChildProcessWithoutNullStreams
    first: Promise<string>
    ended: Promise<unknown>
    said(): string
  }
  function run(slurmJobId: string): Running {
    const { env } = entry(scene)
    const program = join(ROOT, 'tests/integration/environment-enter-process.ts')
    const argv = ['--import', 'tsx', '--conditions=@trotline/source', program, JSON.stringify(env), slurmJobId]
    const child = spawn(process.execPath, argv, { cwd: ROOT })
    children.push(child)
    let said = ''
    child.stderr.on('data', piece => (said += piece))
    const ended = new Promise(resolve => child.on('close', resolve))
    const line = new Promise<string>(resolve => createInterface(child.stdout).once('line', resolve))
    return { child, ended, first: Promise.race([line, ended.then(() => '')]), said: () => said }
  }

  test('that come at the same moment unpack it once, and the last to leave removes it', async () => {
    const all = ['1', '2', '3'].map(run)
    const looks = (await Promise.all(all.map(one => one.first))).map(
      line => JSON.parse(line) as { prefix: string; look: EnvironmentLook },
    )
    assert.deepEqual(looks.map(one => one.look.depth).sort(), ['bytes', 'times', 'times'])
    const prefix = looks[0]?.prefix ?? ''
    for (const [i, one] of all.entries()) {
      assert.ok(existsSync(prefix), `before ${i} has left`)
      one.child.stdin.end()
      await one.ended
    }
    assert.equal(all.filter(one => one.said().includes('was unpacked to')).length, 1)
    assert.ok(!existsSync(prefix))
  })

  test('of which one is killed hold the copy no longer, and the next to leave removes it', async () => {
    const [killed, stays] = [run('1'), run('2')]
    await Promise.all([killed.first, stays.first])
    killed.child.kill('SIGKILL')
    await killed.ended
    assert.equal(readdirSync(copyPaths(place, scene.lockId, UID).uses).length, 2)
    stays.child.stdin.end()
    await stays.ended
    const { tree, uses } = copyPaths(place, scene.lockId, UID)
    assert.deepEqual([existsSync(tree), readdirSync(uses)], [false, []])
  })

  test('all of which were killed leave a copy that the next job of another environment removes', async () => {
    const killed = run('1')
    const { prefix } = JSON.parse(await killed.first) as { prefix: string }
    killed.child.kill('SIGKILL')
    await killed.ended
    const other = makeScene(SMALL.slice(0, 2))
    try {
      await publish(other, 'packed')
      assert.ok(existsSync(prefix))
      const entered = await enter(other)
      assert.ok(!existsSync(prefix))
      await entered.leave()
    } finally {
      await other.removeAll()
    }
  })

  test('killed at any moment of unpacking leave no half of it that counts: the next unpacks it whole', async () => {
    const { folder, tree } = copyPaths(place, scene.lockId, UID)
    let halves = 0
    for (let trial = 0; trial < 8; trial++) {
      const { child, first, ended } = run(`${trial}`)
      let isOver = false
      void first.then(() => {
        isOver = true
      })
      const begun = () => existsSync(folder) && readdirSync(folder).some(name => name.startsWith('tree.'))
      // Closer than others look: it is over within a second, and may be so between two looks.
      while (!begun() && !isOver) await new Promise(resolve => setTimeout(resolve, 2))
      await new Promise(resolve => setTimeout(resolve, trial * 60))
      child.kill('SIGKILL')
      await ended
      if ((await first) === '') halves++
      // A whole one is there for whoever comes next, who would unpack nothing.
      else await removeTree(tree)
    }
    assert.ok(halves > 0, 'none was killed in the middle')
    const { prefix, look, leave } = await enter(scene)
    assert.deepEqual([prefix, look.drift], [tree, null])
    assert.equal(readdirSync(join(prefix, 'share/bulk')).length, 100)
    assert.deepEqual(
      readdirSync(folder).filter(name => name.startsWith('tree.')),
      [],
    )
    await leave()
  })
})

test('a process is told from one that came later with the same pid, and from one of another boot', async () => {
  const own = markOf()
  assert.ok(own !== null && isThere(own) && isMarkThere(markText(own)))
  assert.ok(!isThere({ ...own, startedTicks: '1' }) && !isMarkThere(markText({ ...own, startedTicks: '1' })))
  assert.ok(!isThere({ ...own, boot: 'x' }) && !isMarkThere(markText({ ...own, boot: 'ffffffffffff' })))
  // Of another pid namespace nobody can tell.
  assert.ok(isThere({ ...own, pid: 4_000_000, pids: 'pid:[1]' }))
  const child = spawn('true')
  await new Promise(resolve => child.on('close', resolve))
  assert.equal(markOf(child.pid ?? 0), null)
  assert.ok(!isMarkThere('nonsense'))
})

test('a file with a zero byte is moved as a binary one, whatever is declared of others, and stays read-only', () => {
  const path = join(place, 'file')
  writeFileSync(path, 'a\0/old/prefix/x\0/old/prefix')
  chmodSync(path, 0o444)
  relocateFile(path, { from: '/old/prefix', to: '/new' }, null)
  assert.equal(readFileSync(path, 'latin1'), 'a\0/new/x\0\0\0\0\0\0\0\0/new\0\0\0\0\0\0\0')
  assert.equal(lstatSync(path).mode & 0o777, 0o444)
})
