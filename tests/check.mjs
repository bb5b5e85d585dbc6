// `npm run check`: format, lint, import rules, types, unit tests. One line a step; the first red one ends it with its output.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureNodeModules } from './setup/node-modules.mjs'
import { SOURCES, testFiles } from './setup/test-files.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const WIDTH = 34
const began = performance.now()

const program = name => join(root, 'node_modules/.bin', name)
const STEPS = [
  {
    name: 'format and lint',
    argv: [program('biome'), 'ci', `--colors=${process.stdout.isTTY ? 'force' : 'off'}`, '.'],
  },
  { name: 'import rules', argv: [process.execPath, ...SOURCES, 'tests/house/imports.ts'] },
  { name: 'types', argv: [program('tsc'), '-b'] },
  {
    name: 'unit tests',
    argv: [
      process.execPath,
      ...SOURCES,
      '--test',
      '--test-concurrency=2',
      '--test-reporter=spec',
      ...testFiles(root, ['unit', 'house']),
    ],
    told: output => `${/^\S* ?tests (\d+)$/m.exec(output)?.[1] ?? '?'} tests`,
  },
]

if (ensureNodeModules(root)) line('npm packages installed', began)
for (const { name, argv, told } of STEPS) {
  const from = performance.now()
  const { status, signal, error, stdout, stderr } = spawnSync(argv[0], argv.slice(1), {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  })
  if (status === 0) {
    line(told ? `${name}, ${told(stdout)}` : name, from)
    continue
  }
  line(`${name}: RED`, from)
  process.stdout.write(`\n${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`)
  console.error(`\n${name} failed${signal ? ` (${signal})` : ''}`)
  process.exit(1)
}
line('all is well', began)

function line(text, from) {
  console.log(`  ${text.padEnd(WIDTH)} ${((performance.now() - from) / 1000).toFixed(1).padStart(6)} s`)
}
