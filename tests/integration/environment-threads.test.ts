// The release's own files: environment.mjs and its threads find what the sources find.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EnvironmentLook } from '@trotline/contracts'
import { bundle } from '../../deploy/release/bundle.ts'
import { eventually } from '../support/eventually.ts'
import { makeScene, publish, type Scene, SMALL } from './environment-scene.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
let directory: string
let scene: Scene

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'trotline-bundle-'))
  const source = 'apps/worker/src/environment'
  const entryPoints = {
    environment: 'apps/worker/src/environment-main.ts',
    'hash-thread': `${source}/hash-thread.ts`,
    'hash-files': `${source}/hash-files.ts`,
  }
  await bundle({ root: ROOT, entryPoints, directory, tensorLibrary: false })
  const bulk = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`share/${i % 50}/${i}`, `file ${i}`]))
  scene = makeScene([...SMALL, { name: 'bulk', files: bulk }])
  await publish(scene)
})
after(async () => {
  rmSync(directory, { recursive: true, force: true })
  await scene.removeAll()
})

const look = (depth: string): EnvironmentLook =>
  EnvironmentLook.parse(
    JSON.parse(
      execFileSync(process.execPath, [join(directory, 'environment.mjs'), 'look', scene.root, scene.lockId, depth], {
        encoding: 'utf8',
      }),
    ),
  )

test('the release looks at every file, and finds the one that changed', async () => {
  const before = look('bytes')
  assert.deepEqual([before.drift, before.looked], [null, before.of])
  assert.ok(before.of > 3000)
  const path = join(scene.prefix, 'share/7/2007')
  chmodSync(path, 0o644)
  writeFileSync(path, 'file 2008')
  // A look at times goes as far as half a second does, in an order of its own: what one does not come to, the next one may.
  for (const depth of ['bytes', 'times']) {
    const { files } = await eventually(`a look at ${depth} comes to it`, () => look(depth).drift)
    assert.deepEqual(files, [{ path: 'share/7/2007', what: 'changed', package: 'bulk 1.0 h0_0' }])
  }
  writeFileSync(path, 'file 2007')
  assert.equal(look('bytes').drift, null)
})

test('whoever is not root puts aside and removes what is read-only', async () => {
  const nobody = 65_534
  const other = makeScene(SMALL)
  const { root, lockId } = other
  const asNobody =
    process.getuid?.() === 0 ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []
  const run = (command: string): unknown => {
    const [program = '', ...argv] = [
      ...asNobody,
      process.execPath,
      join(directory, 'environment.mjs'),
      command,
      root,
      lockId,
    ]
    return JSON.parse(execFileSync(program, argv, { encoding: 'utf8' }))
  }
  try {
    await publish(other)
    if (asNobody.length > 0) {
      chmodSync(directory, 0o755)
      execFileSync('chown', ['-R', `${nobody}:${nobody}`, root])
    }
    const { path } = run('quarantine') as { path: string }
    assert.deepEqual(readdirSync(path).sort(), ['files', 'made.json', 'tree'])
    // As if it had been made anew.
    for (const [from, to] of [
      ['made.json', `.made/${lockId}.json`],
      ['tree', lockId],
    ] as const) {
      // As rename(2) asks for, of a folder.
      if (from === 'tree') chmodSync(join(path, from), 0o755)
      execFileSync('mv', [join(path, from), join(root, to)])
      if (from === 'tree') chmodSync(join(root, to), 0o555)
    }
    assert.equal((run('remove') as { files: number }).files, 15)
    assert.ok(!existsSync(join(root, lockId)))
  } finally {
    await other.removeAll()
  }
})

test('several threads hash, and what they say is what one says', async () => {
  const threads = new Set<number>()
  const { hashFiles } = (await import(
    pathToFileURL(join(directory, 'hash-files.mjs')).href
  )) as typeof import('../../apps/worker/src/environment/hash-files.ts')
  const files = readdirSync(join(scene.prefix, 'share/7')).map(name => ({ path: `share/7/${name}`, bytes: null }))
  const all = Array.from({ length: 50 }, (_, i) =>
    files.map(({ path }) => ({ path: path.replace('/7/', `/7/../${i}/../7/`), bytes: null })),
  ).flat()
  for (let at = 0; at < 3; at++) {
    const began = new Set(tasks())
    const running = hashFiles(scene.prefix, all, { threads: 3, needle: 'file 2007' })
    await new Promise(resolve => setTimeout(resolve, 20))
    for (const task of tasks()) if (!began.has(task)) threads.add(task)
    const many = await running
    const one = await hashFiles(scene.prefix, all, { threads: 0, needle: 'file 2007' })
    assert.equal(many.size, all.length)
    assert.deepEqual(many, one)
    assert.deepEqual(
      new Set(
        [...one]
          .filter(([, file]) => typeof file === 'object' && file.found === true)
          .map(([path]) => path.split('/').at(-1)),
      ),
      new Set(['2007']),
    )
  }
  assert.ok(threads.size >= 3, `${threads.size} threads were seen`)
})

const tasks = (): number[] => readdirSync('/proc/self/task').map(Number)

test('a file that is cut, unreadable or no file at all is told by its code, and the others have their hashes', async () => {
  const { hashFiles } = (await import(
    pathToFileURL(join(directory, 'hash-files.mjs')).href
  )) as typeof import('../../apps/worker/src/environment/hash-files.ts')
  const folder = mkdtempSync(join(tmpdir(), 'trotline-hash-'))
  try {
    const big = join(folder, 'big')
    writeFileSync(big, '')
    truncateSync(big, 3_000_000)
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const paths = ['big', 'gone', 'pipe', '.'].map(path => ({ path, bytes: null }))
    const hashed = await hashFiles(folder, paths, { threads: 0 })
    const file = hashed.get('big')
    assert.ok(typeof file === 'object')
    assert.deepEqual([file.bytes, file.found, file.script], [3_000_000, null, false])
    assert.equal(file.sha256, execFileSync('sha256sum', [big], { encoding: 'utf8' }).slice(0, 64))
    assert.deepEqual([hashed.get('gone'), hashed.get('.')], ['ENOENT', 'EISDIR'])
    const stop = AbortSignal.abort(new Error('stopped'))
    await assert.rejects(hashFiles(folder, paths, { signal: stop }), /stopped/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
