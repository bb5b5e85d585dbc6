// Which libtensorflow a node would load, told from the folders that deploy/native makes; nothing is loaded.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { libraryOfNode } from '../../../apps/worker/src/node-library.ts'

const home = mkdtempSync(join(tmpdir(), 'trotline-library-'))
after(() => rmSync(home, { recursive: true, force: true }))

function write(path: string, content: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
}

/** The package as the installer leaves it, with assets from which it is found. */
function installed(name: string, marker: unknown): string {
  const prefix = join(home, name)
  write(join(prefix, 'node_modules/@tensorflow/tfjs-node-gpu/package.json'), { version: '4.22.0' })
  if (marker !== null) write(join(prefix, 'trotline-native.json'), marker)
  mkdirSync(join(prefix, 'assets'))
  return join(prefix, 'assets')
}

const made = (tensorflow: string, source: object) => ({
  package: '@tensorflow/tfjs-node-gpu',
  version: '4.22.0',
  tensorflow,
  node: '20.20.2',
  source,
})

const OWN = { framework: 'tfjs-node-gpu', frameworkVersion: '4.22.0', channel: 'npm' }

test('the package’s own library counts where nothing says that it is another', () => {
  const assets = [
    join(home, 'nowhere'),
    installed('without-marker', null),
    installed('damaged', '{"tensorflow":'),
    installed('strange', made('2.x; rm', { kind: 'folder', path: '/' })),
    installed('download', made('2.9.1', { kind: 'download' })),
    installed('patch', made('2.9.3', { kind: 'folder', path: join(home, 'none') })),
  ]
  for (const each of assets) assert.deepEqual(libraryOfNode(each).software, OWN, each)
})

test('an archive of a later release is judged as that release, and says where that is written', () => {
  const { name, software } = libraryOfNode(installed('tarball', made('2.15.0', { kind: 'tarball', path: '/a.tar.gz' })))
  assert.deepEqual(software, { framework: 'tensorflow', frameworkVersion: '2.15.0', channel: 'pip' })
  assert.equal(name, `TensorFlow 2.15.0 (${join(home, 'tarball', 'trotline-native.json')})`)
})

test('a folder made of wheels is judged as the wheels, a conda prefix by the CUDA of its build, another not at all', () => {
  const wheels = join(home, 'wheels')
  write(join(wheels, 'lib/libtensorflow_cc.so.2'), '')
  const prefix = join(home, 'conda')
  write(join(prefix, 'conda-meta/libtensorflow-2.19.1-cuda128h1a2b3c4_200.json'), {})
  const cpuPrefix = join(home, 'conda-cpu')
  write(join(cpuPrefix, 'conda-meta/libtensorflow-2.19.1-cpu_h1a2b3c4_0.json'), {})
  const of = (name: string, path: string) =>
    libraryOfNode(installed(name, made('2.19.1', { kind: 'folder', path }))).software
  assert.deepEqual(of('of-wheels', wheels), { framework: 'tensorflow', frameworkVersion: '2.19.1', channel: 'pip' })
  assert.deepEqual(of('of-conda', prefix), { framework: 'cuda-runtime', cuda: '12.8' })
  assert.equal(of('of-conda-cpu', cpuPrefix), null)
  assert.equal(of('of-module', join(home, 'elsewhere')), null)
})
