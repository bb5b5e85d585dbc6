// The words of `npm run native`: what may be asked for, and what is refused before anything is done.
import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { NativeError } from './failures.mjs'

const PACKAGES = ['tfjs-node-gpu', 'tfjs-node']

export const HELP = `Installs @tensorflow/tfjs-node-gpu with TensorFlow's own library into a folder, for workers to find on NODE_PATH.

  npm run native -- --prefix DIR                        libtensorflow from where the package downloads it
  npm run native -- --prefix DIR --mirror URL           from URL/libtensorflow-gpu-linux-x86_64-2.9.1.tar.gz (http or https)
  npm run native -- --prefix DIR --libtensorflow PATH   a tarball, or a folder with include/ and lib/, which is used where it lies
  npm run native -- --prefix DIR --check                only loads what is there, computes once, and says what it runs on

  --package tfjs-node     the package for CPUs (default: tfjs-node-gpu)
  --time-limit SECONDS    for all of it together (default: 600)

Needs Node.js, npm and its registry; and g++, make and python3, to compile the binding (not where the package's own download has it).
DIR appears when everything has worked, whole, or not at all.
`

/**
 * @param argv words after the program's name
 * @param from folder that relative paths start at
 * @throws NativeError exit code 2: the words do not say what to do
 */
export function readArguments(argv, { from }) {
  const values = parse(argv)
  if (values.help) return { help: true }
  if (!values.prefix) throw usage('--prefix DIR is missing: where shall it be installed?')
  if (!PACKAGES.includes(values.package)) throw usage(`--package is ${PACKAGES.join(' or ')}, not "${values.package}"`)
  const timeLimitSeconds = Number(values['time-limit'])
  if (!(timeLimitSeconds > 0 && timeLimitSeconds <= 86_400))
    throw usage(`--time-limit is a number of seconds up to 86400, not "${values['time-limit']}"`)
  return {
    prefix: resolve(from, values.prefix),
    package: `@tensorflow/${values.package}`,
    source: sourceOf(values, from),
    timeLimitSeconds,
    check: values.check,
  }
}

function parse(argv) {
  try {
    return parseArgs({
      args: argv,
      options: {
        prefix: { type: 'string' },
        package: { type: 'string', default: 'tfjs-node-gpu' },
        libtensorflow: { type: 'string' },
        mirror: { type: 'string' },
        'time-limit': { type: 'string', default: '600' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw usage(error.message)
  }
}

function sourceOf({ libtensorflow, mirror }, from) {
  if (libtensorflow !== undefined && mirror !== undefined)
    throw usage('--libtensorflow and --mirror are two ways to the same library: give one')
  if (mirror !== undefined) {
    if (!/^https?:\/\/[^/]/.test(mirror)) throw usage(`--mirror is an http or https address, not "${mirror}"`)
    return { kind: 'mirror', url: mirror.replace(/\/+$/, '') }
  }
  if (libtensorflow === undefined) return { kind: 'download' }
  const path = resolve(from, libtensorflow)
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) throw usage(`--libtensorflow: there is no ${path}`)
  if (stats.isDirectory()) return { kind: 'folder', path }
  if (/\.whl$/.test(path))
    throw usage(
      `${basename(path)} is a Python wheel: make a folder of it first, by deploy/native/libtensorflow-from-wheel.mjs`,
    )
  return { kind: 'tarball', path }
}

const usage = message => new NativeError(`${message}\nnpm run native -- --help says more`, { exitCode: 2 })
