import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uvCommand } from '../../../../apps/orchestrator/src/solving/uv.ts'

const order = {
  work: '/srv/uv/solve-1',
  cache: '/srv/uv/cache',
  python: '3.11.9',
  platform: 'linux-64' as const,
  virtualPackages: { __glibc: '2.17' },
  pipIndex: 'https://pip.example.org/simple',
}
const platformOf = (more: Partial<Parameters<typeof uvCommand>[0]>): string | undefined => {
  const argv = uvCommand({ ...order, ...more })
  return argv[argv.indexOf('--python-platform') + 1]
}

test('uv is asked for hashes of wheels, from the one index, without building, configuration or downloads of Python', () => {
  assert.deepEqual(uvCommand(order), [
    'pip',
    'compile',
    '/srv/uv/solve-1/requirements.in',
    '--override',
    '/srv/uv/solve-1/overrides.txt',
    '--python-version',
    '3.11.9',
    '--python-platform',
    'x86_64-manylinux_2_17',
    '--index-url',
    'https://pip.example.org/simple',
    '--cache-dir',
    '/srv/uv/cache',
    '--only-binary',
    ':all:',
    '--generate-hashes',
    '--no-header',
    '--no-annotate',
    '--no-config',
    '--no-python-downloads',
    '--no-progress',
    '--color',
    'never',
    '--quiet',
  ])
})

test('the platform is the newest of uv that the glibc of the nodes runs', () => {
  assert.equal(platformOf({ virtualPackages: { __glibc: '2.27' } }), 'x86_64-manylinux_2_17')
  assert.equal(platformOf({ virtualPackages: { __glibc: '2.28' } }), 'x86_64-manylinux_2_28')
  assert.equal(platformOf({ virtualPackages: {} }), 'x86_64-manylinux_2_17')
  assert.equal(
    platformOf({ platform: 'linux-aarch64', virtualPackages: { __glibc: '2.35' } }),
    'aarch64-manylinux_2_28',
  )
})

test('where uv knows no platform, hashes have to be written', () => {
  assert.throws(() => uvCommand({ ...order, platform: 'linux-ppc64le' }), {
    code: 'PIP_REFUSED',
    message: /pin the pip part/,
  })
  assert.throws(() => uvCommand({ ...order, virtualPackages: { __glibc: '2.12' } }), { code: 'PIP_REFUSED' })
})
