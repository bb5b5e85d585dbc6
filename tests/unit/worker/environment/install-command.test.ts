import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { InstallerName, VirtualRequirement } from '@trotline/contracts'
import { type InstallOrder, installCommand, unfitFor } from '../../../../apps/worker/src/environment/install-command.ts'

const ROOT = '/cluster/environments'
const HOME = `${ROOT}/.builds/aa/home`
const FROM = `${ROOT}/.builds/aa/explicit.txt`
const PREFIX = `${ROOT}/aa`

const order = (tool: InstallerName, version: string, more: Partial<InstallOrder> = {}): InstallOrder => ({
  tool,
  version,
  path: `/sw/bin/${tool}`,
  prefix: PREFIX,
  from: FROM,
  packages: `${ROOT}/.packages`,
  home: HOME,
  offline: false,
  lock: { virtualPackages: [] },
  network: {},
  programs: ['/sw/node/bin'],
  ...more,
})

const LIBMAMBA = ['create', '--yes', '--no-rc', '--always-copy', '--prefix', PREFIX, '--file', FROM]
const CONDA = ['create', '--yes', '--quiet', '--copy', '--no-default-packages', '--prefix', PREFIX, '--file', FROM]

/** Golden: what is run, by tool and range of versions. */
const ARGV: readonly (readonly [InstallerName, readonly string[], readonly string[]])[] = [
  ['micromamba', ['1.0.0', '1.5.10', '2.0.0', '2.0.5', '2.3.2'], LIBMAMBA],
  ['mamba', ['2.0.0', '2.0.8', '2.1.1'], LIBMAMBA],
  ['mamba', ['1.0.0', '1.5.8'], CONDA],
  ['conda', ['4.4.0', '4.14.0', '22.9.0', '23.11.0', '24.9.2', '26.7.0'], CONDA],
]

const COMMON = {
  PATH: '/sw/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/sw/node/bin',
  HOME,
  TMPDIR: `${HOME}/tmp`,
  XDG_CONFIG_HOME: `${HOME}/.config`,
  XDG_CACHE_HOME: `${HOME}/.cache`,
  XDG_DATA_HOME: `${HOME}/.local/share`,
  LC_ALL: 'C',
  TERM: 'dumb',
  NO_COLOR: '1',
  PYTHONNOUSERSITE: '1',
  PYTHONIOENCODING: 'utf-8',
  CONDA_PKGS_DIRS: `${ROOT}/.packages`,
  CONDA_ALWAYS_COPY: 'true',
  CONDA_ALWAYS_YES: 'true',
  CONDA_OVERRIDE_CUDA: '',
  CONDA_OVERRIDE_GLIBC: '2.17',
}
const OF_LIBMAMBA = {
  MAMBA_ROOT_PREFIX: `${HOME}/mamba`,
  MAMBA_NO_RC: 'true',
  MAMBA_ALWAYS_COPY: 'true',
  MAMBA_ALWAYS_YES: 'true',
  MAMBA_NO_PROGRESS_BARS: 'true',
  MAMBA_NO_BANNER: '1',
  MAMBA_USE_LOCKFILES: 'false',
}
const OF_CONDA = {
  CONDARC: `${HOME}/condarc`,
  CONDA_SAFETY_CHECKS: 'enabled',
  CONDA_ALLOW_SOFTLINKS: 'false',
  CONDA_AUTO_UPDATE_CONDA: 'false',
  CONDA_NOTIFY_OUTDATED_CONDA: 'false',
  CONDA_REPORT_ERRORS: 'false',
  CONDA_REGISTER_ENVS: 'false',
  CONDA_CHANGEPS1: 'false',
  CONDA_REMOTE_MAX_RETRIES: '3',
  CONDA_REMOTE_READ_TIMEOUT_SECS: '60',
}

const requires = (name: string, text: string): VirtualRequirement => ({
  name,
  requires: text,
  presence: 'required',
  by: ['cudatoolkit'],
})

describe('install-command', () => {
  for (const [tool, versions, argv] of ARGV)
    test(`${tool} ${versions[0]} to ${versions.at(-1)} installs an explicit list with the command that all of them know`, () => {
      for (const version of versions) {
        assert.equal(unfitFor(order(tool, version), false), null)
        const command = installCommand(order(tool, version))
        assert.deepEqual(command.argv, [`/sw/bin/${tool}`, ...argv])
        assert.deepEqual(installCommand(order(tool, version, { offline: true })).argv, [...command.argv, '--offline'])
        assert.deepEqual(command.env, { ...COMMON, ...(argv === LIBMAMBA ? OF_LIBMAMBA : OF_CONDA) })
      }
    })

  test('pixi installs its own lock as it stands, in a project', () => {
    for (const version of ['0.39.5', '0.41.0', '0.72.0', '1.0.0']) {
      assert.equal(unfitFor(order('pixi', version), false), null)
      const { argv, env } = installCommand(
        order('pixi', version, { from: PREFIX, prefix: `${PREFIX}/.pixi/envs/default` }),
      )
      assert.deepEqual(argv, [
        '/sw/bin/pixi',
        'install',
        '--frozen',
        '--no-progress',
        '--color',
        'never',
        '--manifest-path',
        `${PREFIX}/pixi.toml`,
      ])
      assert.deepEqual(env, {
        ...COMMON,
        PIXI_HOME: `${HOME}/.pixi`,
        PIXI_CACHE_DIR: `${ROOT}/.packages/pixi`,
        RATTLER_CACHE_DIR: `${ROOT}/.packages/pixi`,
        PIXI_NO_PROGRESS: 'true',
        PIXI_COLOR: 'never',
      })
    }
  })

  test('a release that cannot do it is refused in a sentence', () => {
    for (const [tool, version, words] of [
      ['micromamba', '0.27.0', /micromamba 0\.27\.0: 1\.x and 2\.x are known/],
      ['mamba', '3.0.0', /mamba 3\.0\.0: 1\.x and 2\.x/],
      ['conda', '4.3.16', /conda 4\.3\.16, which notes no hashes/],
      ['pixi', '0.38.0', /no pixi\.lock of version 6/],
    ] as const)
      assert.match(unfitFor(order(tool, version), false)?.unfit ?? '', words)
    assert.match(unfitFor(order('pixi', '0.41.0'), true)?.unfit ?? '', /cannot install from archives that were brought/)
  })

  test('the machine is given out as what the lock asks of nodes, at its highest', () => {
    const virtualPackages = [
      requires('__cuda', '>=9.2'),
      requires('__cuda', '>=11.8,<13'),
      requires('__glibc', '>=2.17,<3.0.a0'),
      requires('__glibc', '>=2.28'),
    ]
    const { env } = installCommand(order('conda', '23.11.0', { lock: { virtualPackages } }))
    assert.equal(env.CONDA_OVERRIDE_CUDA, '11.8')
    assert.equal(env.CONDA_OVERRIDE_GLIBC, '2.28')
  })

  test('of the surroundings nothing but proxies and certificates reaches an installer', () => {
    const network = { https_proxy: 'http://proxy.example.test:3128' }
    const { env } = installCommand(order('micromamba', '2.0.5', { network }))
    assert.deepEqual(env, { ...network, ...COMMON, ...OF_LIBMAMBA })
  })
})
