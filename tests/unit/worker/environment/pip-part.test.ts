import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EnvironmentLock } from '@trotline/contracts'
import { BuildFailure } from '../../../../apps/worker/src/environment/build-failure.ts'
import { checkPip, pipCommand, pipFailure } from '../../../../apps/worker/src/environment/pip-part.ts'

const archive = (name: string): EnvironmentLock['conda'][number] => ({
  name,
  version: '1',
  build: '0',
  subdir: 'linux-64',
  url: `https://channel.example.org/main/linux-64/${name}-1-0.conda`,
  md5: '0'.repeat(32),
  sha256: '0'.repeat(64),
  size: 1,
})
const lock = (conda: readonly string[]): EnvironmentLock => ({
  v: 1,
  platform: 'linux-64',
  virtualPackages: [],
  conda: conda.map(archive),
  pip: [{ name: 'einops', version: '0.8.0', sha256: ['1'.repeat(64)] }],
})
const order = { prefix: '/p', requirements: '/b/requirements.txt', wheels: '/c/wheels', offline: false }
const INDEX = 'https://index.example.org/simple'

describe('pip-part', () => {
  test('pip of the environment installs it by hash, from the index, and no configuration of the machine counts', () => {
    const { argv, env } = pipCommand({ ...order, pipIndex: INDEX }, { PATH: '/usr/bin', HOME: '/h' })
    assert.deepEqual(argv, [
      '/p/bin/python',
      '-m',
      'pip',
      'install',
      '--no-deps',
      '--require-hashes',
      '--no-build-isolation',
      '--no-cache-dir',
      '--disable-pip-version-check',
      '--requirement',
      '/b/requirements.txt',
    ])
    assert.equal(env.PIP_INDEX_URL, INDEX)
    assert.equal(env.PIP_CONFIG_FILE, '/dev/null')
    assert.equal(env.PATH, '/p/bin:/usr/bin')
  })

  test('offline it takes wheels that were brought, and asks no index', () => {
    const { argv, env } = pipCommand({ ...order, offline: true, pipIndex: INDEX }, {})
    assert.deepEqual(argv.slice(-5), [
      '--no-index',
      '--find-links',
      '/c/wheels',
      '--requirement',
      '/b/requirements.txt',
    ])
    assert.equal(env.PIP_INDEX_URL, undefined)
  })

  test('without pip in the environment, or without an index, nothing is begun', () => {
    const refused = (conda: readonly string[], pipIndex: string | null): string => {
      try {
        checkPip({ lock: lock(conda), offline: false, pipIndex })
      } catch (error) {
        assert.ok(error instanceof BuildFailure)
        assert.equal(error.trouble.code, 'pip-failed')
        return error.message
      }
      return ''
    }
    assert.equal(refused(['pip', 'python'], INDEX), '')
    assert.match(refused(['python'], INDEX), /has no pip of conda/)
    assert.match(refused(['a'], INDEX), /has no python and no pip/)
    assert.match(refused(['pip', 'python'], null), /no index is configured/)
  })

  test('what went wrong with pip is told apart', () => {
    const code = (...tail: string[]) => pipFailure({ code: 1, signal: null, tail }).trouble
    assert.equal(
      code('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.').code,
      'archive-changed',
    )
    assert.equal(code('ERROR: No matching distribution found for einops==0.8.0').code, 'archive-unavailable')
    assert.ok(code('Retrying: NewConnectionError(…)', 'ERROR: No matching distribution found for einops').transient)
    assert.equal(code("OSError: [Errno 28] No space left on device: '/p'").code, 'storage')
    assert.equal(code('ERROR: metadata-generation-failed').code, 'pip-failed')
  })
})
