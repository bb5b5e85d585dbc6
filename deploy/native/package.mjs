// npm's part: the exact version of the package with what it depends on, and none of their scripts. The package's own
// install script has no time limit and, as an optional dependency, fails without a word: binding.mjs runs it by hand.
import { existsSync, realpathSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { runChild } from './children.mjs'
import { explain } from './failures.mjs'

/** The last release. Its binding speaks N-API 8, so that one build serves Node 18 to 26 (tried). */
export const VERSION = '4.22.0'

export async function installPackage(folder, { name, until }) {
  // Without a package.json npm would look for one in the folders above.
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ private: true })}\n`)
  const { code, output } = await runChild(
    [
      ...npm(),
      'install',
      `--prefix=${folder}`,
      '--ignore-scripts',
      '--save-exact',
      '--no-audit',
      '--no-fund',
      '--no-package-lock',
      '--loglevel=error',
      `${name}@${VERSION}`,
    ],
    { cwd: folder, env: settings(folder), until },
  ).catch(error => {
    throw error.code === 'ENOENT' ? explain('npm', 'npm: not found') : error
  })
  if (code !== 0) throw explain('npm', output)
}

/** npm's programs that can be told from here: the one that runs this, and the one that came with the runtime. */
const npmPrograms = () =>
  [
    process.env.npm_execpath,
    join(dirname(realpathSync(process.execPath)), '../lib/node_modules/npm/bin/npm-cli.js'),
  ].filter(path => path?.endsWith('npm-cli.js') && existsSync(path))

/** Else the one on PATH. */
const npm = () => (npmPrograms().length > 0 ? [process.execPath, npmPrograms()[0]] : ['npm'])

/** Settings for npm and for the package's scripts: those of this process without what belongs to `npm run` and its project. */
export function settings(folder) {
  const own = Object.entries(process.env).filter(
    ([key]) =>
      !/^npm_(?:package|lifecycle|config_(?:local_prefix|workspaces?|include_workspace_root|global))/i.test(key),
  )
  const env = Object.fromEntries(own)
  env.PATH = [join(folder, 'node_modules/.bin'), dirname(process.execPath), process.env.PATH].join(delimiter)
  // node-gyp's headers: beside the runtime where its archive or package has them, else node-gyp downloads them.
  const beside = join(dirname(realpathSync(process.execPath)), '..')
  if (!env.npm_config_nodedir && existsSync(join(beside, 'include/node/node_api.h'))) env.npm_config_nodedir = beside
  const gyp = npmPrograms()
    .map(program => join(dirname(realpathSync(program)), '../node_modules/node-gyp/bin/node-gyp.js'))
    .find(existsSync)
  if (!env.npm_config_node_gyp && gyp !== undefined) env.npm_config_node_gyp = gyp
  return env
}
