import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Hardware } from '@trotline/contracts'
import { readMatrixText } from '../../../apps/orchestrator/src/config.ts'
import { createCompatibility } from '../../../apps/orchestrator/src/lifecycle/compatibility.ts'
import { readEnvironmentSpec } from '../../../apps/orchestrator/src/lifecycle/environment-spec.ts'
import { shippedCompatibility } from '../../support/compatibility.ts'
import { sha256 } from '../../support/job-records.ts'

const K80: Hardware = { driver: '396.37', gpu: 'K80' }
const A100: Hardware = { driver: '580.159.03', gpu: 'A100' }

describe('a server', () => {
  test('without its matrix, or with a file that is none, does not start and names the file', () => {
    const config = (message: RegExp) => ({ code: 'CONFIG_INVALID', message })
    const matrixFile = '/nowhere/compatibility.json'
    assert.throws(
      () => readMatrixText({ compatibility: { matrixFile } }),
      config(/the compatibility matrix from \/nowhere\/compat/),
    )
    for (const text of ['', '{', '{}', '[]', '{"tables":{}}'])
      assert.throws(
        () => createCompatibility(text, '/etc/m.json'),
        config(/^\/etc\/m\.json is not a compatibility matrix: ./),
        text,
      )
  })

  test('serves the matrix as it lies in its file, under its hash', () => {
    const { text, sha256: hash } = shippedCompatibility().document
    assert.equal(hash, sha256(text))
    assert.equal(typeof JSON.parse(text), 'object')
  })
})

describe('an environment of several packages', () => {
  const spec = {
    channels: ['pytorch'],
    dependencies: ['python=3.10', { pip: ['torch==2.1.2+cu121', 'numpy', 'jax[cuda12]==0.4.30'] }],
  }
  const from = { partition: 'gpuk80', others: [{ partition: 'gpua100', hardware: A100 }] }

  test('names what would run instead of each that does not, and where all of it would', () => {
    const { verdict, nearest } = shippedCompatibility().judgeSpec(spec, K80, from)
    assert.equal(verdict, 'incompatible')
    assert.deepEqual([...new Set(nearest.map(({ software }) => software.framework))].toSorted(), ['jax', 'pytorch'])
    const moved = nearest.filter(({ partition }) => partition !== null)
    assert.deepEqual(
      moved.map(({ changes }) => changes),
      [[{ field: 'partition', from: 'gpuk80', to: 'gpua100' }]],
    )
  })

  test('is sent to no partition where a part of it does not run', () => {
    const onlyTorch = { driver: '525.60.13', gpu: 'A100', glibc: '2.17' }
    const jax = { channels: [], dependencies: [{ pip: ['torch==2.1.2+cu121', 'jax[cuda13]==0.8.0'] }] }
    assert.match(
      shippedCompatibility().judgeSpec({ ...jax, dependencies: [{ pip: ['torch==2.1.2+cu121'] }] }, onlyTorch, from)
        .verdict,
      /^compatible/,
    )
    const { nearest } = shippedCompatibility().judgeSpec(jax, K80, {
      ...from,
      others: [{ partition: 'x', hardware: onlyTorch }],
    })
    assert.ok(nearest.every(({ partition }) => partition === null))
  })

  test('that runs needs nothing instead', () => {
    const { verdict, nearest } = shippedCompatibility().judgeSpec(spec, A100, from)
    assert.match(verdict, /^compatible/)
    assert.deepEqual(nearest, [])
  })
})

describe('an environment.yml', () => {
  const yml = 'name: x\nchannels: [pytorch, defaults]\ndependencies:\n  - python=3.6\n  - pip:\n    - torch==1.3.1\n'

  test('is read as text and as object alike, whatever else stands in it', () => {
    const read = readEnvironmentSpec(yml)
    assert.deepEqual(read, {
      name: 'x',
      channels: ['pytorch', 'defaults'],
      dependencies: ['python=3.6', { pip: ['torch==1.3.1'] }],
    })
    assert.deepEqual(readEnvironmentSpec({ ...(read as object), prefix: '/x' }), read)
    assert.deepEqual(readEnvironmentSpec('dependencies: [numpy]'), { channels: ['defaults'], dependencies: ['numpy'] })
  })

  test('that cannot be read says why and where', () => {
    assert.match(String(readEnvironmentSpec('a: [')), /not YAML.*\(Line 1\.\)/)
    assert.match(String(readEnvironmentSpec('')), /is empty/)
    assert.match(String(readEnvironmentSpec({ channels: ['defaults'] })), /dependencies are missing/)
    const many = Array.from({ length: 1001 }, () => 'x')
    assert.match(String(readEnvironmentSpec({ dependencies: many })), /1001 entries; at most \d+ are read/)
    const bomb = `a: &a [${'x,'.repeat(50)}]\nb: &b [${'*a,'.repeat(50)}]\ndependencies: [${'*b,'.repeat(50)}]\n`
    assert.match(String(readEnvironmentSpec(bomb)), /&a is an anchor, which is not read here.*\(Line 1\.\)/)
  })

  test('of 60,000 open brackets ends no process', () => {
    assert.match(String(readEnvironmentSpec('['.repeat(60_000))), /nested too deep/)
  })
})
