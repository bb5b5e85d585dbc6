import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSpec } from '@trotline/environment'
import { type Roots, rootsOfSpec } from '../../../../packages/environment/src/solve/roots.ts'

function specOf(...dependencies: unknown[]) {
  const reading = readSpec({ channels: ['pytorch', 'main'], dependencies })
  assert.ok(reading.ok, JSON.stringify(reading))
  return reading.value
}
const textsOf = (...lines: string[]): string[] => (rootsOfSpec(specOf(...lines)) as Roots).roots.map(one => one.text)

test('lines reach the solver without channel, comment and spaces, in the order of the alphabet', () => {
  assert.deepEqual(
    textsOf('pytorch::PyTorch=1.3=*cuda9.2*', 'numpy >=1.11, <2  # fast', 'python = 3.6', 'blas 1.0 mkl', 'six===1.12'),
    ['blas 1.0 mkl', 'numpy>=1.11,<2', 'python=3.6', 'pytorch=1.3=*cuda9.2*', 'six==1.12'],
  )
})

test('a package is pinned by name, whatever subdir its channel is written with', () => {
  const { pins, roots } = rootsOfSpec(specOf('pytorch/linux-64::torchvision', 'six')) as Roots
  assert.deepEqual([...pins], [['torchvision', 'pytorch']])
  assert.deepEqual(
    roots.map(one => [one.name, one.pin, one.pointer]),
    [
      ['six', null, '/dependencies/1'],
      ['torchvision', 'pytorch', '/dependencies/0'],
    ],
  )
})

test('a package pinned to two channels is refused by name', () => {
  const findings = rootsOfSpec(specOf('pytorch::numpy>1', 'main::numpy<2'))
  assert.ok(Array.isArray(findings))
  assert.match(findings[0]?.detail ?? '', /numpy is pinned to pytorch and to main/)
  assert.equal(findings[0]?.pointer, '/dependencies/1')
})

test('the order of the lines has no say in what the solver is asked', () => {
  const lines = ['python<3.7', 'pytorch::torchvision', 'numpy', 'scipy', 'tensorflow==1.12']
  assert.deepEqual(textsOf(...lines), textsOf(...[...lines].reverse()))
})
