// A libtensorflow that is at hand: the package looks for include/ and lib/ in its folder deps/.
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { runChild } from './children.mjs'
import { NativeError } from './failures.mjs'

const HEADERS = ['tensorflow/c/c_api.h', 'tensorflow/c/eager/c_api.h']
const LIBRARIES = ['libtensorflow', 'libtensorflow_framework']

/**
 * A folder stays where it is: a conda prefix or a module's folder holds libraries that libtensorflow finds beside itself
 * ($ORIGIN), and a GPU build is more than a gigabyte. A tarball is unpacked.
 */
export async function placeLibrary(deps, { kind, path }, { until }) {
  if (kind === 'folder') {
    requireWhole(path)
    await mkdir(deps)
    for (const part of ['include', 'lib']) await symlink(join(path, part), join(deps, part))
    return
  }
  await mkdir(deps)
  const { code, output } = await runChild(['tar', '-xf', path, '-C', deps, '--no-same-owner'], { until })
  if (code !== 0) throw new NativeError(`${path} cannot be unpacked: ${output.trim() || `tar ended with ${code}`}`)
  await addNames(join(deps, 'lib'))
  requireWhole(deps, path)
}

/** The linker wants NAME.so, the loader NAME.so.2; an archive may have only the file with the whole version. */
async function addNames(lib) {
  if (!existsSync(lib)) return
  const names = readdirSync(lib)
  for (const library of LIBRARIES) {
    const versioned = names.find(name => name.startsWith(`${library}.so.2.`))
    if (versioned === undefined) continue
    for (const name of [`${library}.so.2`, `${library}.so`])
      if (!names.includes(name)) await symlink(versioned, join(lib, name))
  }
}

/** @throws NativeError naming what a folder lacks of a libtensorflow; `shown` is what people know it by */
export function requireWhole(folder, shown = folder) {
  const wanted = [
    ...HEADERS.map(name => `include/${name}`),
    ...LIBRARIES.flatMap(name => [`lib/${name}.so`, `lib/${name}.so.2`]),
  ]
  const missing = wanted.filter(name => !existsSync(join(folder, name)))
  if (missing.length > 0)
    throw new NativeError(
      `${shown} is no libtensorflow: it has no ${missing.join(', no ')}. Wanted are include/ and lib/ as in TensorFlow's archive ` +
        'for C, as conda-forge installs libtensorflow, or as deploy/native/libtensorflow-from-wheel.mjs makes them.',
    )
}
