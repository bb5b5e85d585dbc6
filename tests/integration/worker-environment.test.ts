// A run in its environment, by the worker's release: the look before anything begins, the way in, the way out, and the end of a run whose
// environment is not what it was.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type RunEnvironment, WORKER_EXIT } from '@trotline/contracts'
import { buildRelease } from '../../deploy/release/release.ts'
import { makeScene, PLACEHOLDER, publish, type Scene, type ScenePackage } from './environment-scene.ts'
import { makeJob, resultOf, start, type TestJob, textOf } from './worker-process.ts'

const PACKAGES: ScenePackage[] = [
  {
    name: 'python',
    version: '3.9.1',
    files: {
      'bin/python': {
        content: `#!/bin/sh\necho "python of ${PLACEHOLDER} with $*, GDAL=$GDAL_DATA"\nexit 0\n`,
        executable: true,
        prefix: 'text',
      },
    },
  },
  {
    name: 'gdal',
    files: { 'etc/conda/activate.d/gdal.sh': 'export GDAL_DATA="$CONDA_PREFIX/share/gdal"\n' },
  },
  { name: 'cudatoolkit', version: '11.0', files: { 'lib/libcudart.so.11.0': 'ELF', 'lib/libstdc++.so.6': 'ELF' } },
]

describe('a run in its environment', () => {
  let home: string
  let release: { id: string; directory: string }
  let scene: Scene

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'trotline-entered-'))
    const root = fileURLToPath(new URL('../..', import.meta.url))
    release = await buildRelease(root, join(home, 'releases'), { tensorLibrary: false })
    scene = makeScene(PACKAGES)
    await publish(scene)
  })
  after(async () => {
    await scene.removeAll()
    await rm(home, { recursive: true, force: true })
  })

  const at = ({ root, lockId, prefix }: Scene): RunEnvironment => ({ lockId, root, form: 'tree', place: prefix })
  const python = { kind: 'command' as const, command: ['python', 'train.py', 'a b'] }

  async function ran(
    t: TestContext,
    environment: RunEnvironment,
    training: Parameters<typeof makeJob>[1] = python,
    spec = {},
  ) {
    const one: TestJob = await makeJob({ home, release }, training, { spec: { environment, ...spec } })
    const { ended } = await start(t, { home, release }, one, { env: { PATH: process.env.PATH } })
    const { code } = await ended
    const text = async (name: string): Promise<string> => textOf(join(one.run, name))
    return { one, code, result: await resultOf(one), out: await text('stdout'), err: await text('stderr') }
  }

  test('finds its programs there, is activated, and says in its output which they are', async t => {
    const { code, out, result } = await ran(t, at(scene))
    assert.equal(code, WORKER_EXIT.completed)
    const { prefix } = scene
    const lines = out.split('\n')
    const own = `${prefix}/bin/python`
    assert.ok(lines.includes(`environment ${prefix}: python is ${own}, python is ${own}`), out)
    assert.ok(lines.includes(`python of ${prefix} with train.py a b, GDAL=${prefix}/share/gdal`), out)
    const { environment } = result
    assert.deepEqual([environment?.lockId, environment?.drift, environment?.depth], [scene.lockId, null, 'times'])
    assert.equal(environment?.looked, environment?.of)
  })

  test('that lies packed is unpacked on the node, runs from there, and is gone when nobody needs it', async t => {
    const packed = makeScene(PACKAGES)
    t.after(() => packed.removeAll())
    await publish(packed, 'packed')
    // A short path: files of it have the place where it was made in them, and no more room than that took.
    const scratch = await mkdtemp(join(tmpdir(), 's-'))
    t.after(() => rm(scratch, { recursive: true, force: true }))
    const { code, out, err, result } = await ran(t, { ...at(packed), form: 'packed', place: scratch })
    assert.equal(code, WORKER_EXIT.completed, `${out}${err}`)
    assert.match(out, new RegExp(`python of ${scratch}/\\S+ with train\\.py a b, GDAL=${scratch}/`))
    assert.equal(result.environment?.drift, null)
    assert.deepEqual(
      readdirSync(scratch, { recursive: true }).filter(name => String(name).endsWith('bin/python')),
      [],
    )
  })

  test('that has changed since it was made fails, names the files, and runs nothing', async t => {
    const changed = makeScene(PACKAGES)
    t.after(() => changed.removeAll())
    await publish(changed)
    const file = join(changed.prefix, 'bin/python')
    await chmod(file, 0o755)
    await writeFile(file, '#!/bin/sh\necho other\n')
    const { code, one, out, result } = await ran(t, at(changed))
    assert.equal(code, WORKER_EXIT.failed)
    const { failure, environment, command, outcome } = result
    assert.deepEqual(
      [outcome, command, failure?.reason, failure?.code],
      ['failed', null, 'environment', 'environment-drift'],
    )
    assert.match(failure?.evidence?.join('\n') ?? '', /bin\/python/)
    assert.equal(environment?.drift?.files[0]?.path, 'bin/python')
    assert.doesNotMatch(out, /other/)
    assert.equal(existsSync(join(one.run, 'work')), false)
  })

  test('that was never made, or was taken away, fails by that', async t => {
    const { result } = await ran(t, { ...at(scene), lockId: '0'.repeat(64) })
    assert.deepEqual([result.failure?.reason, result.failure?.code], ['environment', 'environment-missing'])
    assert.equal(result.environment, null)
  })

  test('that trains on GPUs in the worker itself has NVIDIA’s libraries of it linked for the loader, and no others', async t => {
    const training = { preset: 'auto-mpg', epochs: 3, backend: 'any' }
    const { one, code, err, result } = await ran(t, at(scene), training, { gpus: 1 })
    assert.equal(code, WORKER_EXIT.completed, err)
    assert.deepEqual(readdirSync(join(one.run, 'libraries')), ['libcudart.so.11.0'])
    assert.equal(
      readlinkSync(join(one.run, 'libraries/libcudart.so.11.0')),
      join(scene.prefix, 'lib/libcudart.so.11.0'),
    )
    assert.equal(result.environment?.drift, null)
    assert.equal(existsSync(join((await ran(t, at(scene), training)).one.run, 'libraries')), false)
  })
})
