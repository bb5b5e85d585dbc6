import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EnvironmentLock, LockedConda } from '@trotline/contracts'
import {
  explicitText,
  fileNameOf,
  folderNameOf,
  mirrored,
  pixiProject,
} from '../../../../apps/worker/src/environment/install-source.ts'

const conda = (name: string, url: string): LockedConda => ({
  name,
  version: '1',
  build: '0',
  subdir: 'linux-64',
  url,
  md5: '0'.repeat(32),
  sha256: '0'.repeat(64),
  size: 1,
})
const MAIN = 'https://channel.example.org/main'
const lock: EnvironmentLock = {
  v: 1,
  platform: 'linux-64',
  virtualPackages: [],
  conda: [conda('a', `${MAIN}/linux-64/a-1-0.conda`), conda('b', 'https://other.example.org/b/linux-64/b-1-0.tar.bz2')],
  pip: [],
}

describe('install-source', () => {
  test('the explicit list keeps the order of the lock and has the md5 of each', () => {
    assert.equal(
      explicitText(lock, {}),
      `@EXPLICIT\n${MAIN}/linux-64/a-1-0.conda#${'0'.repeat(32)}\nhttps://other.example.org/b/linux-64/b-1-0.tar.bz2#${'0'.repeat(32)}\n`,
    )
  })

  test('of several mirrors the one for the longest part of an address counts, and other addresses stay', () => {
    const mirrors = {
      'https://channel.example.org/': 'http://mirror.example.test/all/',
      [`${MAIN}/`]: 'http://mirror.example.test/main/',
    }
    assert.equal(
      mirrored(`${MAIN}/linux-64/a-1-0.conda`, mirrors),
      'http://mirror.example.test/main/linux-64/a-1-0.conda',
    )
    assert.equal(mirrored('https://channel.example.org/x/a', mirrors), 'http://mirror.example.test/all/x/a')
    assert.equal(mirrored('https://other.example.org/b', mirrors), 'https://other.example.org/b')
  })

  test('a file is called in the cache as its channel calls it, also where its address is encoded', () => {
    const epoch = conda('x264', `${MAIN}/linux-64/x264-1%21152.20180717-h14c3975_1.tar.bz2`)
    assert.equal(fileNameOf(epoch), 'x264-1!152.20180717-h14c3975_1.tar.bz2')
    assert.equal(folderNameOf(epoch), 'x264-1!152.20180717-h14c3975_1')
    assert.equal(fileNameOf({ url: `${MAIN}/linux-64/a-1%2Bcu92-0.conda` }), 'a-1+cu92-0.conda')
  })

  test('a project of pixi keeps its environment inside, and says workspace since pixi does', () => {
    const old = pixiProject(lock, [MAIN], 'LOCK', [0, 39, 0])
    const now = pixiProject(lock, [MAIN], 'LOCK', [0, 41, 0])
    assert.match(old['pixi.toml'] ?? '', /^\[project\]\n/)
    assert.equal(
      now['pixi.toml'],
      `[workspace]\nname = "environment"\nchannels = ["${MAIN}"]\nplatforms = ["linux-64"]\n`,
    )
    assert.match(now['.pixi/config.toml'] ?? '', /^detached-environments = false\n/)
    assert.equal(now['pixi.lock'], 'LOCK')
  })
})
