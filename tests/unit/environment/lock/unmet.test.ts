import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { VirtualPackages, VirtualRequirement } from '@trotline/contracts'
import { platformOf, requirementsInWords, unmet, unmetText } from '@trotline/environment'
import { CUDA_92, lockedConda, lockOf } from '../../../support/locks.ts'

const asks = (name: string, requires: string, over: Partial<VirtualRequirement> = {}): VirtualRequirement => ({
  name,
  requires,
  presence: 'required',
  by: ['some'],
  ...over,
})
const names = (requirements: VirtualRequirement[], offered: VirtualPackages): string[] =>
  unmet({ virtualPackages: requirements }, offered).map(one => `${one.name} ${one.requires}`)

describe('what nodes do not offer', () => {
  test('is said with the package that asks, and what the target has', () => {
    const lock = lockOf({ virtualPackages: [CUDA_92], conda: [lockedConda('cudatoolkit', '9.2')] })
    const [one] = unmet(lock, { __cuda: '8.0' })
    assert.equal(
      one && unmetText(one, lock, 'partition gpuold'),
      'The environment needs a driver for CUDA 9.2 because of cudatoolkit 9.2; partition gpuold offers 8.0.',
    )
    assert.deepEqual(unmet(lock, { __cuda: '9.2' }), [])
    assert.deepEqual(unmet(lock, { __cuda: '10.1' }), [])
  })

  test('counts a requirement of conda’s constrains only where there is such a thing, and one of depends always', () => {
    assert.deepEqual(names([CUDA_92], { __cuda: null }), [])
    assert.deepEqual(names([{ ...CUDA_92, presence: 'required' }], { __cuda: null }), ['__cuda >=9.2'])
  })

  test('is said without a version where any would do', () => {
    const lock = lockOf({ virtualPackages: [asks('__cuda', '*'), asks('__cuda_arch', '*')] })
    assert.deepEqual(
      unmet(lock, { __cuda: null, __cuda_arch: null }).map(one => unmetText(one, lock, 'partition cpu')),
      [
        'The environment needs a driver for CUDA because of some; partition cpu has no GPU.',
        'The environment needs a GPU because of some; partition cpu has no GPU.',
      ],
    )
  })

  test('is never concluded from what nobody knows', () => {
    const all = [CUDA_92, asks('__glibc', '>=2.40'), asks('__archspec', '* x86_64_v4'), asks('__other', '>=1')]
    assert.deepEqual(names(all, {}), [])
  })

  test('is told once for each virtual package, by whoever asks for the most, the driver first', () => {
    const all = [
      asks('__glibc', '>=2.17'),
      asks('__glibc', '>=2.28,<3.0.a0', { by: ['newer'] }),
      asks('__cuda', '>=11'),
      asks('__cuda', '>=12.1', { by: ['cuda-version'] }),
    ]
    const found = unmet({ virtualPackages: all }, { __glibc: '2.12', __cuda: '9.0' })
    assert.deepEqual(
      found.map(one => [one.name, one.floor, one.by[0]]),
      [
        ['__cuda', '12.1', 'cuda-version'],
        ['__glibc', '2.28', 'newer'],
      ],
    )
  })

  test('of processors goes by the family, and by the level where both have one', () => {
    const level = [asks('__archspec', '1 x86_64_v3')]
    assert.deepEqual(names(level, { __archspec: 'x86_64' }), [], 'uname does not tell the level')
    assert.deepEqual(names(level, { __archspec: 'x86_64_v4' }), [])
    assert.equal(names(level, { __archspec: 'x86_64_v2' }).length, 1)
    assert.equal(names(level, { __archspec: 'aarch64' }).length, 1)
  })

  test('is anything for another system', () => {
    assert.deepEqual(names([asks('__osx', '>=11.0')], {}), ['__osx >=11.0'])
    assert.deepEqual(names([asks('__unix', '*'), asks('__linux', '*')], {}), [])
  })
})

test('requirements are told before anybody is asked, each once', () => {
  const virtualPackages = [asks('__archspec', '1 x86_64_v3'), CUDA_92, asks('__cuda', '>=9'), asks('__unix', '*')]
  assert.deepEqual(requirementsInWords({ virtualPackages }), [
    'CUDA 9.2 or newer (cudatoolkit)',
    'processor x86_64_v3 (some)',
    'Unix (some)',
  ])
})

test('a processor of nodes is a platform of conda, where conda has it', () => {
  assert.deepEqual(['x86_64', 'aarch64', 'ppc64le', 's390x'].map(platformOf), [
    'linux-64',
    'linux-aarch64',
    'linux-ppc64le',
    null,
  ])
})
