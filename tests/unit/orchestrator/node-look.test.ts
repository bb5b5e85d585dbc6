import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLook } from '../../../apps/orchestrator/src/clusters/node-look.ts'

const block = (about: string, text: string, exitCode = 0): string =>
  `[${about} ${exitCode}\n${text.replace(/^/gm, '|')}\n\n]\n`

/** As a K80 node of 2018 leaves it, with some blocks in place of others. */
function look(over: Record<string, string | null> = {}): string {
  const blocks: Record<string, string | null> = {
    name: block('name', 'gpu03'),
    time: block('time', '2026-11-27T09:00:00Z'),
    gpus: block('gpus', 'Field "compute_cap" is not a valid field to query.\n', 2),
    old: block('gpus-of-old-driver', 'Tesla K80, 396.37'),
    header: block('header', '| NVIDIA-SMI 396.37   Driver Version: 396.37 |'),
    glibc: block('glibc', 'glibc 2.17'),
    arch: block('arch', 'x86_64'),
    kernel: block('kernel', '3.10.0-1160.el7.x86_64'),
    os: block('os', 'NAME="CentOS Linux"\nPRETTY_NAME="CentOS Linux 7 (Core)"\nID="centos"'),
    runtime: block(
      'runtime',
      "/opt/node/bin/node: /lib64/libm.so.6: version `GLIBC_2.28' not found (required by /opt/node/bin/node)",
      1,
    ),
    ...over,
  }
  return `node-look 1\n${Object.values(blocks).join('')}end of node-look\n`
}

test('an old node is seen as it is, and why Node.js does not start there', () => {
  assert.deepEqual(readLook(look()), {
    v: 1,
    node: 'gpu03',
    at: '2026-11-27T09:00:00Z',
    driver: '396.37',
    cudaMax: null,
    gpus: [{ name: 'Tesla K80', computeCapability: null }],
    gpuTrouble: null,
    glibc: '2.17',
    cpuArch: 'x86_64',
    kernel: '3.10.0-1160.el7.x86_64',
    os: 'CentOS Linux 7 (Core)',
    nodeVersion: null,
    nodeTrouble:
      "/opt/node/bin/node: /lib64/libm.so.6: version `GLIBC_2.28' not found (required by /opt/node/bin/node) (exit code 1)",
  })
})

test('where getconf has no answer, ldd tells glibc, and musl is no glibc', () => {
  const glibc = (ldd: string, exitCode = 0) =>
    readLook(look({ glibc: block('glibc', 'getconf: GNU_LIBC_VERSION: unknown', 1) + block('ldd', ldd, exitCode) }))
      ?.glibc
  assert.equal(glibc('ldd (GNU libc) 2.17\nCopyright (C) 2012'), '2.17')
  assert.equal(glibc('ldd (Ubuntu GLIBC 2.31-0ubuntu9.9) 2.31'), '2.31')
  assert.equal(glibc('ldd (Debian GLIBC 2.36-9+deb12u10) 2.36'), '2.36')
  assert.equal(glibc('musl libc (x86_64)\nVersion 1.2.4', 1), null)
})

test('a runtime that starts has its version, and one that hangs says nothing', () => {
  const runtime = (text: string, exitCode = 0) => {
    const found = readLook(look({ runtime: block('runtime', text, exitCode) }))
    return [found?.nodeVersion, found?.nodeTrouble]
  }
  assert.deepEqual(runtime('v20.20.2'), ['v20.20.2', null])
  assert.deepEqual(runtime('module: loaded\nv20.20.2'), ['v20.20.2', null])
  assert.deepEqual(runtime('', 124), [null, null])
  assert.deepEqual(runtime("timeout: failed to run command '/opt/node': No such file or directory", 127), [
    null,
    "timeout: failed to run command '/opt/node': No such file or directory (exit code 127)",
  ])
})

test('a program that failed tells nothing, even where it printed something', () => {
  const found = readLook(
    look({ arch: block('arch', 'x86_64', 1), kernel: null, os: block('os', 'PRETTY_NAME=\u001b[31m') }),
  )
  assert.deepEqual([found?.cpuArch, found?.kernel, found?.os], [null, null, null])
})

test('a node without GPUs is seen all the same', () => {
  const found = readLook(
    look({ gpus: block('gpus', "timeout: failed to run command 'nvidia-smi'", 127), old: null, header: null }),
  )
  assert.deepEqual([found?.driver, found?.gpus, found?.gpuTrouble], [null, [], 'there is no nvidia-smi'])
  assert.equal(found?.glibc, '2.17')
})

test('what is cut, empty or somebody else’s is no look', () => {
  const whole = look()
  for (const text of [
    '',
    'hello',
    whole.slice(0, -20),
    whole.slice(5),
    look({ name: null }),
    look({ time: null }),
    look({ gpus: null }),
  ])
    assert.equal(readLook(text), null, text.slice(-40))
  assert.equal(readLook(look({ name: block('name', '../../etc') })), null)
})

test('a line that a program printed cannot pass for a block', () => {
  const found = readLook(look({ os: block('os', 'PRETTY_NAME="x"\n]\n[arch 0\n|aarch64\n]') }))
  assert.deepEqual([found?.os, found?.cpuArch], ['x', 'x86_64'])
})
