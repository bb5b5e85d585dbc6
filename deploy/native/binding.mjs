// The binding between Node and libtensorflow: compiled here, or fetched with the library by the package's own script.
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runChild } from './children.mjs'
import { explain } from './failures.mjs'
import { settings } from './package.mjs'

/** With a library of one's own nothing is downloaded: the package's script would still ask for a ready binding first. */
export async function compileBinding(folder, { home, until }) {
  const compiler = join(folder, 'node_modules/@mapbox/node-pre-gyp/bin/node-pre-gyp')
  const argv = [process.execPath, compiler, 'install', '--build-from-source']
  const env = settings(folder)
  // Debian's linker drops a libtensorflow.so that only leads to the library with the symbols (libtensorflow-from-wheel.mjs).
  env.LDFLAGS = ['-Wl,--no-as-needed', env.LDFLAGS ?? ''].join(' ').trim()
  const { code, output } = await runChild(argv, { cwd: home, env, until })
  if (code !== 0 || !hasBinding(home)) throw explain('compile', output)
  await rm(join(home, 'build'), { recursive: true, force: true })
}

export async function fetchAndBind(folder, { home, name, source, until }) {
  const env = settings(folder)
  if (source.kind === 'mirror') {
    env.TFJS_NODE_BASE_URI = `${source.url}/libtensorflow-`
    // A ready binding is asked for at the mirror too, and never elsewhere; where there is none it is compiled.
    env.npm_config_tfjs_binding_binary_host_mirror = `${source.url}/`
  }
  const kind = name.endsWith('-gpu') ? 'gpu' : 'cpu'
  const argv = [process.execPath, join(home, 'scripts/install.js'), kind, 'download']
  const { code, output } = await runChild(argv, { cwd: home, env, until })
  if (code !== 0 || !hasBinding(home))
    throw explain(output.includes('* Building TensorFlow') ? 'compile' : 'download', output, source)
  await rm(join(home, 'build'), { recursive: true, force: true })
}

const hasBinding = home => existsSync(join(home, 'lib/napi-v8/tfjs_binding.node'))
