import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  compareConda,
  parseCondaVersion,
  parseConstraint,
} from '../../../../packages/environment/src/versions/conda.ts'
import {
  globMatches,
  parseMatchSpec,
  parsePipRequirement,
} from '../../../../packages/environment/src/versions/match-spec.ts'
import { allowedOf, parsePython } from '../../../../packages/environment/src/versions/python.ts'
import { parseRelease } from '../../../../packages/environment/src/versions/release.ts'

// conda/models/version.py, the example in VersionOrder's documentation, as far as its versions begin with a number.
const CONDA_ORDER = [
  '0.4',
  '0.4.1.rc',
  '0.4.1',
  '0.5a1',
  '0.5b3',
  '0.5C1',
  '0.5',
  '0.9.6',
  '0.960923',
  '1.0',
  '1.1dev1',
  '1.1_',
  '1.1a1',
  '1.1.0dev1',
  '1.1.a1',
  '1.1.0rc1',
  '1.1.0',
  '1.1.0post1',
  '1.1post1',
  '1996.07.12',
  '1!0.4.1',
  '1!3.1.1.6',
  '2!0.4.1',
].filter(version => !['0.4.1.rc', '1.1_'].includes(version))

test('conda versions stand in the order that conda documents', () => {
  for (const [i, older] of CONDA_ORDER.entries())
    for (const newer of CONDA_ORDER.slice(i + 1)) {
      const [a, b] = [parseCondaVersion(older), parseCondaVersion(newer)]
      assert.ok(a !== null && b !== null)
      assert.ok(compareConda(a, b) <= 0, `${older} <= ${newer}`)
    }
})

const holds = (constraint: string, version: string): boolean => {
  const [lets, parsed] = [parseConstraint(constraint), parseCondaVersion(version)]
  assert.ok(lets !== null && parsed !== null, constraint)
  return lets(parsed)
}

test('constraints let through what conda lets through', () => {
  for (const [constraint, inside, outside] of [
    ['1.3', '1.3.1', '1.30'],
    ['=1.3', '1.3.0', '1.4'],
    ['1.3.*', '1.3.9', '1.4.0'],
    ['==1.3.1', '1.3.1', '1.3.1.1'],
    ['>=3.6,<3.9', '3.8.18', '3.9'],
    ['3.6|3.8', '3.8.1', '3.7'],
    ['!=2.0', '2.0.1', '2.0'],
    ['~=2.1.2', '2.1.9', '2.2.0'],
    ['<3', '2.9', '3.0'],
    ['>=12', '12.0', '11.8'],
  ] as const) {
    assert.ok(holds(constraint, inside), `${constraint} lets ${inside} through`)
    assert.ok(!holds(constraint, outside), `${constraint} keeps ${outside} out`)
  }
  for (const text of ['', '>=', 'latest', '>=3.6,', '<>3', 'x'.repeat(300)])
    assert.equal(parseConstraint(text), null, text)
})

test('a match spec is read in the forms that people write', () => {
  const spec = { channel: 'pytorch', name: 'pytorch', version: '=1.3', build: '*cuda9.2*' }
  for (const text of [
    'pytorch::pytorch=1.3=*cuda9.2*',
    'pytorch/linux-64::pytorch=1.3=*cuda9.2*',
    'pytorch::pytorch[version="=1.3",build="*cuda9.2*"]',
  ])
    assert.deepEqual(parseMatchSpec(text), spec, text)
  assert.deepEqual(parseMatchSpec('python<3.7'), { channel: null, name: 'python', version: '<3.7', build: null })
  assert.deepEqual(parseMatchSpec('python >=3.6, <3.9'), {
    channel: null,
    name: 'python',
    version: '>=3.6,<3.9',
    build: null,
  })
  assert.deepEqual(parseMatchSpec('tensorflow==1.12'), {
    channel: null,
    name: 'tensorflow',
    version: '==1.12',
    build: null,
  })
  assert.deepEqual(
    parseMatchSpec('pytorch 1.3.1 py3.6_cuda9.2.148_cudnn7.6.3_0')?.build,
    'py3.6_cuda9.2.148_cudnn7.6.3_0',
  )
  assert.deepEqual(parseMatchSpec('pytorch=*=cuda*'), { channel: null, name: 'pytorch', version: null, build: 'cuda*' })
  assert.equal(parseMatchSpec('???'), null)
})

test('a requirement of pip gives name, extras, version and the local part that names CUDA', () => {
  assert.deepEqual(parsePipRequirement('torch==2.1.2+cu121'), {
    name: 'torch',
    extras: [],
    version: '==2.1.2',
    local: 'cu121',
  })
  assert.deepEqual(parsePipRequirement('tensorflow[and-cuda] >= 2.15 ; python_version > "3.8"'), {
    name: 'tensorflow',
    extras: ['and-cuda'],
    version: '>=2.15',
    local: null,
  })
  assert.equal(parsePipRequirement('Jax_Lib')?.name, 'jax-lib')
  assert.equal(parsePipRequirement('https://example.org/x.whl'), null)
})

test('a build string fits a pattern with stars, however many', () => {
  assert.ok(globMatches('*cuda9.2*', 'py3.7_cuda9.2.148_cudnn7.6.3_0'))
  assert.ok(globMatches('py*_cuda9.2.148_*', 'py3.7_cuda9.2.148_cudnn7.6.3_0'))
  assert.ok(!globMatches('*cuda10*', 'py3.7_cuda9.2.148_cudnn7.6.3_0'))
  assert.ok(!globMatches('ab*ba', 'aba'))
  assert.ok(!globMatches(`${'*a'.repeat(90)}b`, 'a'.repeat(200)))
})

test('versions of Python packages are read as PEP 440 has them', () => {
  assert.deepEqual(parseRelease('2.1.2+cu121'), { numbers: [2, 1, 2], preliminary: false, local: 'cu121' })
  assert.deepEqual(parseRelease('v2.0.post1'), { numbers: [2, 0], preliminary: false, local: null })
  for (const text of ['2.5.0rc1', '2.5.0.dev20240901', '1.0a2', '1.0-beta'])
    assert.equal(parseRelease(text)?.preliminary, true, text)
  for (const text of ['latest', '', '2.x', '>=2', '2.5.1+']) assert.equal(parseRelease(text), null, text)
})

test('Python is a version or a constraint, and a constraint lets whole minors through', () => {
  const allowed = (text: string, minors: string[]) => {
    const python = parsePython(text)
    assert.ok(python !== null, text)
    return allowedOf(python, minors)
  }
  const minors = ['2.7', '3.5', '3.6', '3.7', '3.8', '3.10']
  assert.deepEqual(allowed('3.6.13', minors), ['3.6'])
  assert.deepEqual(allowed('<3.7', minors), ['2.7', '3.5', '3.6'])
  assert.deepEqual(allowed('>=3.7', minors), ['3.7', '3.8', '3.10'])
  assert.deepEqual(allowed('>=3.6.5,<3.8', minors), ['3.6', '3.7'])
  assert.deepEqual(allowed('3.13t', ['3.13', '3.13t']), ['3.13t'])
  assert.deepEqual(allowed('3', minors), ['3.5', '3.6', '3.7', '3.8', '3.10'])
  for (const text of ['three', '', 'py36']) assert.equal(parsePython(text), null, text)
})
