// Makes a libtensorflow for --libtensorflow out of wheels of TensorFlow for Python: the C interface is in their libraries, and they
// exist for releases and CUDA versions that have no archive for C. Wheels of nvidia-* go beside it, where TensorFlow looks for them.
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { runChild } from './children.mjs'
import { NativeError } from './failures.mjs'
import { say, step } from './progress.mjs'
import { extract, readEntries } from './wheel.mjs'

const HELP = `node deploy/native/libtensorflow-from-wheel.mjs FOLDER WHEEL [WHEEL …]

  python3 -m pip download --no-deps --only-binary=:all: --python-version 3.11 --platform manylinux2014_x86_64 tensorflow-cpu==2.18.1
  node deploy/native/libtensorflow-from-wheel.mjs libtensorflow-2.18.1 tensorflow_cpu-2.18.1-*.whl

For GPUs the wheels of tensorflow and of the nvidia packages that it names for [and-cuda].`

const C_HEADERS = /^tensorflow\/(include\/(?:tensorflow\/(?:c|core\/platform|tsl)|tsl|xla\/tsl)\/.*\.h)$/
const FRAMEWORK = 'tensorflow/libtensorflow_framework.so.2'
/** From 2.12 on the C interface has a library without Python. */
const WITHOUT_PYTHON = 'tensorflow/libtensorflow_cc.so.2'
const WITH_PYTHON = 'tensorflow/python/_pywrap_tensorflow_internal.so'
/** TensorFlow 2.14 and later look in ../nvidia/PART/lib from where they lie. */
const NVIDIA = /^(nvidia\/[^/]+\/(?:lib\/[^/]+\.so[^/]*|nvvm\/.*|bin\/ptxas))$/

async function main([folder, ...wheels]) {
  if (folder === undefined || wheels.length === 0 || folder.startsWith('-')) return say(HELP)
  const target = resolve(folder)
  if (existsSync(target)) throw new NativeError(`${target} is there already: name a new folder`)
  const beside = join(dirname(target), `.${basename(target)}.${process.pid}`)
  try {
    for (const wheel of wheels) await step(`unpacking ${basename(wheel)}`, () => unpack(wheel, beside))
    await step('giving it the names of libtensorflow', () => nameLibraries(beside))
    await linkCuda(join(beside, 'nvidia'))
    await rename(beside, target)
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
  say(`\nnpm run native -- --prefix DIR --libtensorflow ${target}`)
}

async function unpack(wheel, folder) {
  for (const entry of await readEntries(wheel)) {
    const to = placeOf(entry.name)
    if (to === null) continue
    const path = join(folder, to)
    await mkdir(dirname(path), { recursive: true })
    await extract(wheel, entry, path, { mode: /\.so|ptxas/.test(to) ? 0o755 : 0o644 })
  }
}

function placeOf(name) {
  const header = C_HEADERS.exec(name)
  if (header) return header[1]
  if ([FRAMEWORK, WITHOUT_PYTHON, WITH_PYTHON].includes(name)) return `lib/${basename(name)}`
  return NVIDIA.exec(name)?.[1] ?? null
}

async function nameLibraries(folder) {
  const lib = join(folder, 'lib')
  const [cc, python, framework] = [WITHOUT_PYTHON, WITH_PYTHON, FRAMEWORK].map(name => join(lib, basename(name)))
  if (!existsSync(framework)) throw new NativeError('none of the wheels is TensorFlow for Linux')
  if (existsSync(cc)) {
    await rm(python, { force: true })
    await symlink(basename(cc), join(lib, 'libtensorflow.so.2'))
  } else if (existsSync(python)) await standInForPython(lib, basename(python))
  else throw new NativeError('the wheel has no library with the C interface: releases from 2.9 on were tried')
  await symlink('libtensorflow.so.2', join(lib, 'libtensorflow.so'))
  await symlink('libtensorflow_framework.so.2', join(lib, 'libtensorflow_framework.so'))
}

/** A folder that TensorFlow looks into for every library of CUDA. */
const LOOKED_INTO = 'cuda_runtime'

/**
 * TensorFlow 2.21 loads CUDA's libraries from libtensorflow_framework, whose search path has no folder for cusolver, nvjitlink, curand and
 * cuda_nvrtc; without the first it does not use the GPU. So all are found under cuda_runtime too.
 */
async function linkCuda(nvidia) {
  if (!existsSync(nvidia)) return
  const gathered = join(nvidia, LOOKED_INTO, 'lib')
  await mkdir(gathered, { recursive: true })
  for (const part of await readdir(nvidia)) {
    const lib = join(nvidia, part, 'lib')
    if (part === LOOKED_INTO || !existsSync(lib)) continue
    for (const name of await readdir(lib))
      if (!existsSync(join(gathered, name))) await symlink(join('../..', part, 'lib', name), join(gathered, name))
  }
}

/**
 * Until 2.11 the library with the C interface is Python's extension module and wants Python's symbols to load, though none is used
 * on the way through the C interface. libtensorflow.so.2 is then a small library that has them, and leads to the module.
 */
async function standInForPython(lib, module) {
  const until = AbortSignal.timeout(120_000)
  const names = await runChild(['nm', '-D', '--undefined-only', join(lib, module)], { until, kept: 1e8 })
  const wanted = [...names.output.matchAll(/ U (_?Py\w+)/g)].map(([, name]) => name)
  if (names.code !== 0 || wanted.length === 0)
    throw new NativeError(`nm cannot read ${module}: ${names.output.slice(-500)}`)
  // Values are zeros; functions answer 0, which is "no" to Py_IsInitialized.
  const isValue = name => /^PyExc_|_Type$|Struct$/.test(name)
  const source = wanted.map(name => (isValue(name) ? `char ${name}[1024];` : `long ${name}(void) { return 0; }`))
  await writeFile(join(lib, 'python.c'), `${source.join('\n')}\n`)
  const argv = [
    'gcc',
    '-shared',
    '-fPIC',
    '-w',
    '-Wl,-soname,libtensorflow.so.2',
    '-Wl,--no-as-needed',
    '-Wl,-rpath,$ORIGIN',
  ]
  const { code, output } = await runChild(
    [
      ...argv,
      '-o',
      join(lib, 'libtensorflow.so.2'),
      join(lib, 'python.c'),
      join(lib, module),
      join(lib, basename(FRAMEWORK)),
    ],
    { until },
  )
  if (code !== 0) throw new NativeError(`gcc failed:\n${output}`)
  await rm(join(lib, 'python.c'))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof NativeError)) throw error
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
}
