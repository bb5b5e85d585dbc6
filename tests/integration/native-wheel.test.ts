// A libtensorflow out of Python wheels, which are made here of the stand-in in the two forms that TensorFlow's have had.
// With TensorFlow's own, 2.9 to 2.21, it was tried by hand (deploy/native/README.md).
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildFramework, buildLibrary, copyHeaders } from '../support/stub-libtensorflow/build.ts'

const PROGRAM = fileURLToPath(new URL('../../deploy/native/libtensorflow-from-wheel.mjs', import.meta.url))

const missing = ['g++', 'gcc', 'nm', 'python3'].filter(name => spawnSync(name, ['--version']).error !== undefined)
const skip = missing.length > 0 && `nothing can be compiled here: no ${missing.join(', no ')}`

/** As an extension module of Python wants them: a value and a function of the interpreter, which is not there. */
const WANTS_PYTHON = `
extern "C" { extern char PyExc_ValueError; long Py_IsInitialized(); long PyEval_SaveThread(); }
char* asked = Py_IsInitialized() ? nullptr : &PyExc_ValueError;
extern "C" long unused() { return PyEval_SaveThread(); }
`

/** As Node does with the binding: a shared library that calls the C interface, opened by a program that does not. */
const BINDING = `
#include "tensorflow/c/c_api.h"
extern "C" const char* call() { return TF_Version(); }
`
const OPENS = `
#include <cstdio>
#include <dlfcn.h>
int main(int, char** words) {
  void* binding = dlopen(words[1], RTLD_LAZY);
  if (!binding) return puts(dlerror()), 1;
  puts(reinterpret_cast<const char* (*)()>(dlsym(binding, "call"))());
}
`

describe('a libtensorflow from wheels', { skip }, () => {
  let home: string
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'trotline-wheel-'))
  })
  after(() => rmSync(home, { recursive: true, force: true }))

  const write = (path: string, text: string): string => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }

  /** What is in `folder` becomes a wheel of that name. */
  function wheelOf(folder: string): string {
    const wheel = `${folder}.whl`
    execFileSync('python3', ['-m', 'zipfile', '-c', wheel, ...readdirSync(folder)], { cwd: folder })
    return wheel
  }

  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], { encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }

  function versionBy(folder: string): string {
    const lib = join(folder, 'lib')
    const source = (name: string, text: string): string => write(join(folder, name), text)
    const link = ['-Wl,--no-as-needed', `-L${lib}`, '-ltensorflow', '-ltensorflow_framework', `-Wl,-rpath,${lib}`]
    const binding = ['-shared', '-fPIC', `-I${join(folder, 'include')}`, source('binding.cc', BINDING), ...link]
    execFileSync('g++', [...binding, '-o', join(folder, 'binding.node')])
    execFileSync('g++', [source('opens.cc', OPENS), '-ldl', '-o', join(folder, 'opens')])
    return execFileSync(join(folder, 'opens'), [join(folder, 'binding.node')], { encoding: 'utf8' }).trim()
  }

  test('2.12 and later: the library without Python under its names, the headers, and what nvidia-* wheels bring beside it', () => {
    const wheel = join(home, 'tensorflow-2.12')
    copyHeaders(join(wheel, 'tensorflow/include'))
    buildLibrary(join(wheel, 'tensorflow/libtensorflow_cc.so.2'), 'libtensorflow_cc.so.2')
    buildFramework(join(wheel, 'tensorflow/libtensorflow_framework.so.2'), 'libtensorflow_framework.so.2')
    write(join(wheel, 'tensorflow/python/_pywrap_tensorflow_internal.so'), 'leads to the library')
    write(join(wheel, 'tensorflow/include/Eigen/Core.h'), 'not of the C interface')
    const nvidia = join(home, 'nvidia_cudnn')
    write(join(nvidia, 'nvidia/cudnn/lib/libcudnn.so.9'), 'cudnn')
    write(join(nvidia, 'nvidia/cudnn/include/cudnn.h'), 'for compilers')

    const folder = join(home, 'new')
    const { status, output } = run(folder, wheelOf(wheel), wheelOf(nvidia))
    assert.equal(status, 0, output)
    assert.deepEqual(readdirSync(join(folder, 'lib')).sort(), [
      'libtensorflow.so',
      'libtensorflow.so.2',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so',
      'libtensorflow_framework.so.2',
    ])
    assert.equal(readlinkSync(join(folder, 'lib/libtensorflow.so.2')), 'libtensorflow_cc.so.2')
    const library = 'libtensorflow_cc.so.2'
    assert.ok(readFileSync(join(folder, 'lib', library)).equals(readFileSync(join(wheel, 'tensorflow', library))))
    assert.deepEqual(readdirSync(join(folder, 'include')), ['tensorflow'])
    assert.deepEqual(readdirSync(join(folder, 'nvidia/cudnn'), { recursive: true }), ['lib', 'lib/libcudnn.so.9'])
    // Where TensorFlow looks for what its own search path has no folder for.
    assert.equal(readFileSync(join(folder, 'nvidia/cuda_runtime/lib/libcudnn.so.9'), 'utf8'), 'cudnn')
    assert.equal(versionBy(folder), '2.9.1-stub')
  })

  test('2.11 and before: the library is a module of Python, and loads where there is no Python in the process', () => {
    const wheel = join(home, 'tensorflow-2.9')
    const module = '_pywrap_tensorflow_internal.so'
    copyHeaders(join(wheel, 'tensorflow/include'))
    buildLibrary(join(wheel, 'tensorflow/python', module), module, [write(join(home, 'python.cc'), WANTS_PYTHON)])
    buildFramework(join(wheel, 'tensorflow/libtensorflow_framework.so.2'), 'libtensorflow_framework.so.2')

    const folder = join(home, 'old')
    const { status, output } = run(folder, wheelOf(wheel))
    assert.equal(status, 0, output)
    assert.equal(versionBy(folder), '2.9.1-stub')
  })

  test('a wheel that is torn or of something else, and a folder that is there, are refused; nothing is left', () => {
    const wheel = join(home, 'other')
    write(join(wheel, 'other/__init__.py'), '# nothing\n'.repeat(1000))
    const other = wheelOf(wheel)
    const before = readdirSync(home)
    const target = join(home, 'never')
    assert.match(run(target, other).output, /none of the wheels is TensorFlow/)
    truncateSync(other, 100)
    assert.match(run(target, other).output, /is no whole wheel/)
    assert.match(run(target, join(home, 'absent.whl')).output, /absent\.whl cannot be read: ENOENT/)
    assert.match(run(home, other).output, /is there already: name a new folder/)
    assert.deepEqual(readdirSync(home), before)
  })
})
