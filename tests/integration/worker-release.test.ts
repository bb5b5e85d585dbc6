// The release builds: the same sources give the same release wherever they lie, its manifest tells whole from broken, and it holds and
// loads no more than its jobs have use for.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WORKER_EXIT } from '@trotline/contracts'
import { readReleases } from '../../apps/orchestrator/src/clusters/release.ts'
import { bundleWorker } from '../../deploy/release/bundle.ts'
import { sha256 } from '../../deploy/release/manifest.ts'
import { type BuiltReleases, buildReleases } from '../../deploy/release/release.ts'
import { makeJob, resultOf, start, textOf } from './worker-process.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** As esbuild names it; the path of every module of the tensor library has it. */
const TENSOR_LIBRARY = 'node_modules/@tensorflow/'

describe('the worker release builds', () => {
  let home: string
  let output: string
  let built: BuiltReleases
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'trotline-release-'))
    output = join(home, 'releases')
    await mkdir(join(output, 'f'.repeat(64)), { recursive: true })
    built = await buildReleases(ROOT, output)
  })
  after(() => rm(home, { recursive: true, force: true }))

  /** Only what the bundle is made of, at the same relative paths under another root. */
  async function copySources(inputs: string[], to: string): Promise<void> {
    const wanted = new Set(['tsconfig.json', ...inputs.filter(input => existsSync(join(ROOT, input)))])
    for (const input of inputs)
      for (let folder = dirname(input); folder !== '.'; folder = dirname(folder))
        for (const name of ['package.json', 'tsconfig.json'])
          if (existsSync(join(ROOT, folder, name))) wanted.add(join(folder, name))
    for (const path of wanted) await cp(join(ROOT, path), join(to, path))
    await mkdir(join(to, 'node_modules', '@trotline'), { recursive: true })
    for (const name of ['contracts', 'environment', 'trainer'])
      await symlink(join('..', '..', 'packages', name), join(to, 'node_modules', '@trotline', name))
  }

  const textsOf = async (folder: string): Promise<Map<string, string>> =>
    new Map(
      await Promise.all(
        (await readdir(folder)).sort().map(async name => [name, await readFile(join(folder, name), 'utf8')] as const),
      ),
    )

  for (const tensorLibrary of [false, true])
    test(`the bundle ${tensorLibrary ? 'with' : 'without'} the tensor library is the same byte for byte from another directory, and names none`, async () => {
      const here = join(home, `here-${tensorLibrary}`)
      const there = join(home, `there-${tensorLibrary}`)
      const { inputs } = await bundleWorker({ root: ROOT, directory: here, tensorLibrary })
      const elsewhere = join(home, 'else', `where-${tensorLibrary}`)
      await copySources(Object.keys(inputs), elsewhere)
      await bundleWorker({ root: elsewhere, directory: there, tensorLibrary })
      const texts = await textsOf(here)
      assert.deepEqual(await textsOf(there), texts)
      for (const [name, text] of texts) assert.ok(!text.includes(`${ROOT}/`), name)
    })

  test('each is named by its manifest, checks with sha256sum, and both replace those before', async () => {
    assert.deepEqual(await buildReleases(ROOT, output), built)
    const { plain, withTensorLibrary } = built
    assert.deepEqual((await readdir(output)).sort(), [plain.id, withTensorLibrary.id, 'current.json'].sort())
    for (const { id, directory } of [plain, withTensorLibrary]) {
      assert.equal(sha256(await readFile(join(directory, 'manifest.json'))), id)
      execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'manifest.sha256'], { cwd: directory })
      const { files } = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'))
      const listed = files.map(({ path }: { path: string }) => path)
      assert.deepEqual([...listed, 'manifest.json', 'manifest.sha256'].sort(), (await readdir(directory)).sort())
    }
    const read = await readReleases(output)
    assert.deepEqual(
      [read.plain.directory, read.withTensorLibrary.directory],
      [plain.directory, withTensorLibrary.directory],
    )
  })

  test('a build keeps the releases that a server which still runs may have to upload, and only those', async () => {
    const places = join(home, 'kept')
    const [older, before] = ['a'.repeat(64), 'b'.repeat(64)]
    for (const id of [older, before]) await mkdir(join(places, id), { recursive: true })
    await writeFile(join(places, 'current.json'), JSON.stringify({ plain: before, withTensorLibrary: before }))
    const { plain, withTensorLibrary } = await buildReleases(ROOT, places)
    assert.deepEqual((await readdir(places)).sort(), [before, plain.id, withTensorLibrary.id, 'current.json'].sort())
  })

  test('the plain one holds nothing of the tensor library, and each the licences of what it holds', async t => {
    const bytes = (texts: Map<string, string>): number =>
      [...texts.values()].reduce((sum, text) => sum + Buffer.byteLength(text, 'utf8'), 0)
    const plain = await textsOf(built.plain.directory)
    const withTensorLibrary = await textsOf(built.withTensorLibrary.directory)
    for (const [name, text] of plain) {
      assert.ok(!text.includes(TENSOR_LIBRARY), `${name} has a module of the tensor library`)
      assert.doesNotMatch(name, /^tfjs/)
    }
    assert.ok([...withTensorLibrary.values()].some(text => text.includes(TENSOR_LIBRARY)))
    assert.doesNotMatch(plain.get('LICENCES.txt') ?? '', /^@tensorflow\//m)
    assert.match(withTensorLibrary.get('LICENCES.txt') ?? '', /^@tensorflow\/tfjs-core /m)
    for (const licences of [plain, withTensorLibrary]) assert.match(licences.get('LICENCES.txt') ?? '', /^ioredis /m)
    t.diagnostic(`plain ${plain.size} files, about ${Math.round(bytes(plain) / 1024)} KiB`)
  })

  test('before it has its fence a worker loads neither a queue nor a trainer', async () => {
    const { outputs } = await bundleWorker({ root: ROOT, directory: join(home, 'order'), tensorLibrary: true })
    const entry = Object.keys(outputs).find(path => path.endsWith('/worker.mjs')) ?? ''
    const first = new Set([entry])
    for (const path of first)
      for (const { path: imported, kind } of outputs[path]?.imports ?? [])
        if (kind === 'import-statement' && imported in outputs) first.add(imported)
    const inputs = [...first].flatMap(path => Object.keys(outputs[path]?.inputs ?? {}))
    assert.ok(inputs.includes('apps/worker/src/fence.ts'))
    assert.deepEqual(
      inputs.filter(path => /bullmq|ioredis|@tensorflow|packages\/trainer/.test(path)),
      [],
    )
  })

  test('with the tensor library too, what our own kernels train loads no chunk of it', async t => {
    const bare = { id: built.withTensorLibrary.id, directory: join(home, 'bare', built.withTensorLibrary.id) }
    await cp(built.withTensorLibrary.directory, bare.directory, { recursive: true })
    const chunks = [...(await textsOf(bare.directory))].filter(([, text]) => text.includes(TENSOR_LIBRARY))
    assert.ok(chunks.length > 0)
    for (const [name] of chunks) await rm(join(bare.directory, name))
    for (const preset of ['auto-mpg', 'linear-regression']) {
      const job = await makeJob({ home, release: bare }, { preset, epochs: 3 })
      assert.equal((await (await start(t, { home, release: bare }, job)).ended).code, WORKER_EXIT.completed)
    }
  })

  test('the one with the tensor library trains on each of its backends', async t => {
    const place = { home, release: built.withTensorLibrary }
    for (const backend of ['wasm', 'cpu']) {
      const job = await makeJob(place, { preset: 'auto-mpg', epochs: 3, backend })
      assert.equal((await (await start(t, place, job)).ended).code, WORKER_EXIT.completed)
      const { training } = await resultOf(job)
      assert.deepEqual([training?.backend, training?.engine], [backend, 'autograd'])
    }
  })

  test('a job that needs the tensor library and was given the plain release fails, and its failure says what to do', async t => {
    const place = { home, release: built.plain }
    const job = await makeJob(place, { preset: 'auto-mpg', epochs: 3, backend: 'wasm' })
    assert.equal((await (await start(t, place, job)).ended).code, WORKER_EXIT.failed)
    const { failure } = await resultOf(job)
    assert.equal(failure?.code, 'BACKEND_UNAVAILABLE')
    assert.match(failure?.detail ?? '', /wasm: this release of the worker carries no tensor library; a job that asks/)
    assert.doesNotMatch(await textOf(join(job.run, 'stderr')), /\n\s+at /, 'no stack: it is no fault of the worker')
  })
})
