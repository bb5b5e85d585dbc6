// The walk of an installation: npm's packages, the library, the binding, one operation, the marker, and then the folder's real name.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { compileBinding, fetchAndBind } from './binding.mjs'
import { check } from './check.mjs'
import { NativeError } from './failures.mjs'
import { placeLibrary, requireWhole } from './library.mjs'
import { installPackage, VERSION } from './package.mjs'
import { fillBeside, readMarker } from './place.mjs'
import { step } from './progress.mjs'

/** @returns what check.mjs found, of a folder that is now whole */
export async function install(wanted, { until }) {
  refuseMachine(wanted.package)
  const { prefix, package: name, source } = wanted
  if (source.kind === 'folder') requireWhole(source.path)
  const there = readMarker(prefix)
  if (there?.package === name && there.version === VERSION && sameSource(there.source, source)) {
    const found = await step('it is there already: loading it and computing once', () =>
      check(prefix, { name, until }),
    ).catch(error => {
      if (until.aborted) throw error
    })
    if (found) return found
  }
  return fillBeside(prefix, async folder => {
    await step(`npm install of ${name} ${VERSION}`, () => installPackage(folder, { name, until }))
    const home = join(folder, 'node_modules', name)
    if (source.kind === 'folder' || source.kind === 'tarball') {
      await step('putting libtensorflow in its place', () => placeLibrary(join(home, 'deps'), source, { until }))
      await step('compiling the binding', () => compileBinding(folder, { home, until }))
    } else {
      await step(`fetching libtensorflow and binding${source.url ? ` from ${source.url}` : ''}`, () =>
        fetchAndBind(folder, { home, name, source, until }),
      )
    }
    const found = await step('loading it and computing once', () => check(folder, { name, until }))
    return {
      value: { ...found, prefix },
      marker: { package: name, version: VERSION, tensorflow: found.tensorflow, node: found.node, source },
    }
  })
}

/** A library that was replaced under its old name would not be noticed, so a tarball counts as new each time. */
const sameSource = (a, b) => b.kind !== 'tarball' && JSON.stringify(a) === JSON.stringify(b)

function refuseMachine(name) {
  if (process.platform !== 'linux') throw new NativeError(`this step is for Linux nodes; this is ${process.platform}`)
  if (name.endsWith('-gpu') && process.arch !== 'x64')
    throw new NativeError(
      `${name} has no library for ${process.arch}: TensorFlow's archive for GPUs is x86_64 only. ` +
        '--package tfjs-node computes on the CPU.',
    )
  if (existsSync('/lib/ld-musl-x86_64.so.1') && !process.report?.getReport().header.glibcVersionRuntime)
    throw new NativeError('TensorFlow is built for glibc, and this machine has musl: use a Debian or Red Hat image')
}
