// Checks the runtime and installs the packages of the lockfile where that is needed. Nothing but Node's own modules:
// it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'

const NEEDED = [20, 20]

/** Ends the process with a sentence where it cannot be done. Answers false when everything was there. */
export function ensureNodeModules(root) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
    fail(`Trotline needs Node.js ${NEEDED.join('.')} or newer; this is ${process.versions.node} (${process.execPath}).`)
  }
  // npm writes this file last.
  const installed = statSync(join(root, 'node_modules/.package-lock.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (installed >= statSync(join(root, 'package-lock.json')).mtimeMs) return false
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
  const { status, error, stdout, stderr } = spawnSync(npm[0], [...npm.slice(1), 'ci', '--no-audit', '--no-fund'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) fail(`npm ci failed${error ? `: ${error.message}` : ''}\n${stdout ?? ''}${stderr ?? ''}`)
  return true
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
