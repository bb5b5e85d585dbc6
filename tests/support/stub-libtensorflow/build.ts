// Compiles the stand-in for libtensorflow: into a folder laid out like TensorFlow's archive for C, or as the libraries of a wheel.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const VERSION = '2.9.1'

/** @throws Error with the compiler's words */
export function buildStub(folder: string): void {
  copyHeaders(join(folder, 'include'))
  for (const [name, build] of [
    ['libtensorflow', buildLibrary],
    ['libtensorflow_framework', buildFramework],
  ] as const) {
    const lib = join(folder, 'lib')
    build(join(lib, `${name}.so.${VERSION}`), `${name}.so.2`)
    symlinkSync(`${name}.so.${VERSION}`, join(lib, `${name}.so.2`))
    symlinkSync(`${name}.so.2`, join(lib, `${name}.so`))
  }
}

export const copyHeaders = (to: string): void => cpSync(join(HERE, 'include'), to, { recursive: true })

/** The library with the C interface, under any name, perhaps with further source. */
export const buildLibrary = (output: string, soname: string, more: string[] = []): void =>
  compile(output, soname, [`-I${join(HERE, 'include')}`, join(HERE, 'stub.cc'), ...more])

/** The binding is linked to it and calls nothing in it. */
export const buildFramework = (output: string, soname: string): void =>
  compile(output, soname, ['-x', 'c++', '/dev/null'])

function compile(output: string, soname: string, inputs: string[]): void {
  mkdirSync(dirname(output), { recursive: true })
  execFileSync('g++', ['-shared', '-fPIC', '-O1', `-Wl,-soname,${soname}`, '-o', output, ...inputs], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}
