// `npm run quickstart` begins here, before anything is installed: plain JavaScript, nothing but Node's own modules.
// Checks the runtime, installs the packages of the lockfile where that is needed, and hands over to main.ts.

import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = [20, 20]
const checkout = fileURLToPath(new URL('../..', import.meta.url))

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  fail(`Trotline needs Node.js ${NEEDED.join('.')} or newer; this is ${process.versions.node} (${process.execPath}).`)
}

const wantsOnlyWords = process.argv.slice(2).some(word => word === '--down' || word === '--help' || word === '-h')
if (isStale() && !(wantsOnlyWords && installedAt() > 0)) {
  const began = Date.now()
  // npm run says which npm it is; a script of npm's is started by this very runtime.
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
  const { status, error, stdout, stderr } = spawnSync(npm[0], [...npm.slice(1), 'ci', '--no-audit', '--no-fund'], {
    cwd: checkout,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) fail(`npm ci failed${error ? `: ${error.message}` : ''}\n${stdout ?? ''}${stderr ?? ''}`)
  console.log(`  npm packages installed ${`${((Date.now() - began) / 1000).toFixed(1)} s`.padStart(45)}`)
}

// A terminal sends Ctrl-C to both; main.ts decides what it means.
process.on('SIGINT', () => {})
const { status, signal } = spawnSync(
  process.execPath,
  [
    '--import',
    'tsx',
    '--conditions=@trotline/source',
    join(checkout, 'deploy/quickstart/main.ts'),
    ...process.argv.slice(2),
  ],
  { cwd: checkout, stdio: 'inherit' },
)
process.exit(signal ? 1 : (status ?? 1))

function isStale() {
  return installedAt() < statSync(join(checkout, 'package-lock.json')).mtimeMs
}

/** npm writes this file last. */
function installedAt() {
  return statSync(join(checkout, 'node_modules/.package-lock.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
