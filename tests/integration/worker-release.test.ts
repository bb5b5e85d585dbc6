// The release build: the same sources give the same release wherever they lie, and its manifest tells whole from broken.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bundleWorker } from '../../deploy/release/bundle.ts'
import { sha256 } from '../../deploy/release/manifest.ts'
import { buildRelease } from '../../deploy/release/release.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

describe('the worker release build', () => {
  let home: string
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'trotline-release-'))
  })
  after(() => rm(home, { recursive: true, force: true }))

  /** Only what the bundle is made of, at the same relative paths under another root. */
  async function copySources(inputs: string[], to: string): Promise<void> {
    const wanted = new Set(['tsconfig.json', ...inputs])
    for (const input of inputs)
      for (let folder = dirname(input); folder !== '.'; folder = dirname(folder))
        for (const name of ['package.json', 'tsconfig.json'])
          if (existsSync(join(ROOT, folder, name))) wanted.add(join(folder, name))
    for (const path of wanted) await cp(join(ROOT, path), join(to, path))
    await mkdir(join(to, 'node_modules', '@trotline'), { recursive: true })
    for (const name of ['contracts', 'trainer'])
      await symlink(join('..', '..', 'packages', name), join(to, 'node_modules', '@trotline', name))
  }

  test('the bundle is the same byte for byte from another directory, and names none', async () => {
    const { inputs } = await bundleWorker(ROOT, join(home, 'here.mjs'))
    const elsewhere = join(home, 'else', 'where')
    await copySources(Object.keys(inputs), elsewhere)
    await bundleWorker(elsewhere, join(home, 'there.mjs'))
    const [here, there] = await Promise.all(['here.mjs', 'there.mjs'].map(name => readFile(join(home, name), 'utf8')))
    assert.equal(sha256(here ?? ''), sha256(there ?? ''))
    assert.ok(!here?.includes(`${ROOT}/`))
  })

  test('a release is named by its manifest, checks with sha256sum, and replaces the one before', async () => {
    const output = join(home, 'release')
    const old = join(output, 'f'.repeat(64))
    await mkdir(old, { recursive: true })
    const first = await buildRelease(ROOT, output)
    const second = await buildRelease(ROOT, output)
    assert.equal(second.id, first.id)
    assert.equal(sha256(await readFile(join(first.directory, 'manifest.json'))), first.id)
    assert.deepEqual(JSON.parse(await readFile(join(output, 'current.json'), 'utf8')), { id: first.id })
    assert.deepEqual((await readdir(output)).sort(), [first.id, 'current.json'].sort())
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'manifest.sha256'], { cwd: first.directory })
    const { files } = JSON.parse(await readFile(join(first.directory, 'manifest.json'), 'utf8'))
    const listed = files.map(({ path }: { path: string }) => path)
    assert.deepEqual([...listed, 'manifest.json', 'manifest.sha256'].sort(), (await readdir(first.directory)).sort())
  })
})
