// A process whose LD_LIBRARY_PATH names an empty folder finds what is linked into it later: that is the loader's word, so the loader is asked.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { linkLibraries } from '../../apps/worker/src/environment-libraries.ts'

const home = mkdtempSync(join(tmpdir(), 'trotline-libraries-'))
after(() => rmSync(home, { recursive: true }))

test('NVIDIA’s libraries of the environment are linked, and nothing that Node.js or the driver brings itself', async () => {
  const prefix = join(home, 'env')
  mkdirSync(join(prefix, 'lib'), { recursive: true })
  const wanted = ['libcudart.so.11.0', 'libcublasLt.so.11', 'libcudnn.so.8', 'libcudnn_ops_infer.so.8', 'libnccl.so.2']
  const others = ['libcurl.so.4', 'libstdc++.so.6', 'libssl.so.3', 'libcuda.so.1', 'libnvidia-ml.so.1', 'libcudart.a']
  for (const name of [...wanted, ...others]) writeFileSync(join(prefix, 'lib', name), '')
  const run = join(home, 'run')
  mkdirSync(run)
  assert.equal(await linkLibraries(prefix, run), wanted.length)
  assert.deepEqual(readdirSync(join(run, 'libraries')).sort(), wanted.sort())
  assert.equal(await linkLibraries(prefix, run), wanted.length, 'twice is once')
})

test('an environment without libraries gives none', async () => {
  const run = join(home, 'bare')
  mkdirSync(run)
  assert.equal(await linkLibraries(join(home, 'nowhere'), run), 0)
})

const compiler = spawnSync('cc', ['--version']).status === 0

test('a library that is linked into the folder after the process has started is found there', {
  skip: compiler ? false : 'there is no C compiler',
}, () => {
  const source = join(home, 'x.c')
  writeFileSync(source, 'int answer(void) { return 42; }\n')
  const lib = join(home, 'lib')
  mkdirSync(lib)
  assert.equal(spawnSync('cc', ['-shared', '-fPIC', '-o', join(lib, 'libcudart.so.11.0'), source]).status, 0)
  const folder = join(home, 'late')
  mkdirSync(folder)
  // Looks for it, links it, looks again: in one process.
  const script = [
    'import ctypes, os, sys',
    'def found():',
    '    try: return ctypes.CDLL("libcudart.so.11.0").answer()',
    '    except OSError: return None',
    'first = found()',
    'os.symlink(sys.argv[1], sys.argv[2])',
    'print(first, found())',
  ].join('\n')
  const argv = ['-c', script, join(lib, 'libcudart.so.11.0'), join(folder, 'libcudart.so.11.0')]
  const { stdout, stderr } = spawnSync('/usr/bin/python3', argv, { env: { LD_LIBRARY_PATH: folder }, encoding: 'utf8' })
  assert.equal(stdout, 'None 42\n', stderr)
})
