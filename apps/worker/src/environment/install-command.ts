// The commands of the installers, as argv and environment: of an explicit list or pixi's lock, into a prefix that is not there yet,
// copied and not linked from a package cache of our own, with no configuration but what stands here. Pure.
//
// Told by the tools' own sources and manuals: micromamba and mamba 2 read no configuration file with --no-rc and know --always-copy in
// every release (--copy only since September 2024); mamba 1 is conda's command line; conda has no switch against the configuration of
// its own installation, but takes these variables before it. None of them solves here, and none looks at the driver.
import type { EnvironmentLock, InstallerName, VirtualRequirement } from '@trotline/contracts'
import { atLeast, releaseOf } from './installer-version.ts'

export interface InstallOrder {
  tool: InstallerName
  path: string
  version: string
  prefix: string
  /** @EXPLICIT, or pixi's project directory. */
  from: string
  packages: string
  /** A folder of this build's own, empty: HOME, and what is kept for a moment. */
  home: string
  offline: boolean
  lock: Pick<EnvironmentLock, 'virtualPackages'>
  /** Proxies and certificates of the machine: without them some reach no network. */
  network: Readonly<Record<string, string>>
  /** Behind the installer's own folder and the system's: that of Node.js. */
  programs: readonly string[]
}

export interface InstallCommand {
  argv: string[]
  env: Record<string, string>
}

/** A sentence: why this release cannot do it. */
export interface Unfit {
  unfit: string
}

/** pixi.lock of version 6 is read since then. */
const PIXI_SINCE = [0, 39]
/** Before it conda-meta has no hashes of the files (tests/fixtures/conda/conda-4.3.16), so that nothing could be looked at. */
const CONDA_SINCE = [4, 4]

export function unfitFor(
  { tool, version, path }: Pick<InstallOrder, 'tool' | 'version' | 'path'>,
  offline: boolean,
): Unfit | null {
  const [major = 0] = releaseOf(version)
  if ((tool === 'micromamba' || tool === 'mamba') && major !== 1 && major !== 2)
    return { unfit: `${path} is ${tool} ${version}: 1.x and 2.x are known.` }
  if (tool === 'conda' && !atLeast(version, CONDA_SINCE))
    return { unfit: `${path} is conda ${version}, which notes no hashes of what it installs, as 4.4 and later do.` }
  if (tool === 'pixi' && !atLeast(version, PIXI_SINCE))
    return { unfit: `${path} is pixi ${version}: it reads no pixi.lock of version 6, as 0.39 and later do.` }
  if (tool === 'pixi' && offline)
    return {
      unfit: `${path} is pixi, which cannot install from archives that were brought: give the cluster another installer.`,
    }
  return null
}

/** Of one that `unfitFor` has nothing against. */
export function installCommand(order: InstallOrder): InstallCommand {
  const [major = 0] = releaseOf(order.version)
  const env = { ...common(order), ...overrides(order.lock.virtualPackages) }
  if (order.tool === 'pixi') return { argv: pixi(order), env: { ...env, ...pixiEnvironment(order) } }
  const libmamba = order.tool === 'micromamba' || (order.tool === 'mamba' && major >= 2)
  return libmamba
    ? { argv: mamba(order), env: { ...env, ...mambaEnvironment(order) } }
    : { argv: conda(order), env: { ...env, ...condaEnvironment(order) } }
}

const mamba = ({ path, prefix, from, offline }: InstallOrder): string[] => [
  path,
  'create',
  '--yes',
  '--no-rc',
  '--always-copy',
  '--prefix',
  prefix,
  '--file',
  from,
  ...(offline ? ['--offline'] : []),
]

const conda = ({ path, prefix, from, offline }: InstallOrder): string[] => [
  path,
  'create',
  '--yes',
  '--quiet',
  '--copy',
  '--no-default-packages',
  '--prefix',
  prefix,
  '--file',
  from,
  ...(offline ? ['--offline'] : []),
]

// --frozen: what the lock has, and no look whether pixi.toml would ask for something else.
const pixi = ({ path, from }: InstallOrder): string[] => [
  path,
  'install',
  '--frozen',
  '--no-progress',
  '--color',
  'never',
  '--manifest-path',
  `${from}/pixi.toml`,
]

function common({ path, home, packages, network, programs }: InstallOrder): Record<string, string> {
  const folder = path.slice(0, path.lastIndexOf('/')) || '/'
  return {
    ...network,
    PATH: [...new Set([folder, '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin', ...programs])].join(':'),
    HOME: home,
    TMPDIR: `${home}/tmp`,
    XDG_CONFIG_HOME: `${home}/.config`,
    XDG_CACHE_HOME: `${home}/.cache`,
    XDG_DATA_HOME: `${home}/.local/share`,
    LC_ALL: 'C',
    TERM: 'dumb',
    NO_COLOR: '1',
    // Of the interpreter that conda runs on, and of those that packages run as they are linked.
    PYTHONNOUSERSITE: '1',
    PYTHONIOENCODING: 'utf-8',
    CONDA_PKGS_DIRS: packages,
    CONDA_ALWAYS_COPY: 'true',
    CONDA_ALWAYS_YES: 'true',
  }
}

const mambaEnvironment = ({ home }: InstallOrder): Record<string, string> => ({
  MAMBA_ROOT_PREFIX: `${home}/mamba`,
  MAMBA_NO_RC: 'true',
  MAMBA_ALWAYS_COPY: 'true',
  MAMBA_ALWAYS_YES: 'true',
  MAMBA_NO_PROGRESS_BARS: 'true',
  MAMBA_NO_BANNER: '1',
  // The cache is locked by us: libmamba's own locks fail where a file system has none.
  MAMBA_USE_LOCKFILES: 'false',
})

/** An empty file, as CONDARC: conda 4.3 ends with a KeyError where it is /dev/null (seen). */
export const EMPTY_CONDARC = 'condarc'

const condaEnvironment = ({ home }: InstallOrder): Record<string, string> => ({
  CONDARC: `${home}/${EMPTY_CONDARC}`,
  CONDA_SAFETY_CHECKS: 'enabled',
  CONDA_ALLOW_SOFTLINKS: 'false',
  CONDA_AUTO_UPDATE_CONDA: 'false',
  CONDA_NOTIFY_OUTDATED_CONDA: 'false',
  CONDA_REPORT_ERRORS: 'false',
  CONDA_REGISTER_ENVS: 'false',
  CONDA_CHANGEPS1: 'false',
  CONDA_REMOTE_MAX_RETRIES: '3',
  CONDA_REMOTE_READ_TIMEOUT_SECS: '60',
})

const pixiEnvironment = ({ home, packages }: InstallOrder): Record<string, string> => ({
  PIXI_HOME: `${home}/.pixi`,
  PIXI_CACHE_DIR: `${packages}/pixi`,
  RATTLER_CACHE_DIR: `${packages}/pixi`,
  PIXI_NO_PROGRESS: 'true',
  PIXI_COLOR: 'never',
})

/**
 * The machine that installs is not the one that runs: it is given out as what the lock asks of nodes, and as one without a GPU where the
 * lock asks for none. An empty value means that there is no such thing.
 */
function overrides(virtualPackages: readonly VirtualRequirement[]): Record<string, string> {
  const floor = (name: string): string =>
    virtualPackages
      .filter(one => one.name === name)
      .flatMap(one => /(?:^|[,|])\s*(?:>=|==?)\s*(\d+(?:\.\d+)*)/.exec(one.requires)?.[1] ?? [])
      .sort((a, b) => (atLeast(a, releaseOf(b)) ? -1 : 1))[0] ?? ''
  return { CONDA_OVERRIDE_CUDA: floor('__cuda'), CONDA_OVERRIDE_GLIBC: floor('__glibc') || '2.17' }
}
