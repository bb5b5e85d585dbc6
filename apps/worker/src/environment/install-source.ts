// What the installer is told to install, as files: conda's @EXPLICIT, or a project of pixi. Addresses of a mirror stand in place of
// those of the lock. Pure.
import type { EnvironmentLock, LockedConda } from '@trotline/contracts'

/** The longest prefix that fits. */
export function mirrored(url: string, mirrors: Readonly<Record<string, string>>): string {
  const [from, to] =
    Object.entries(mirrors)
      .filter(([prefix]) => url.startsWith(prefix))
      .sort(([a], [b]) => b.length - a.length)[0] ?? []
  return from === undefined || to === undefined ? url : `${to}${url.slice(from.length)}`
}

/** As caches have it: `x264-1!152.20180717-h14c3975_1.tar.bz2`. */
export const fileNameOf = ({ url }: Pick<LockedConda, 'url'>): string =>
  (url.split('/').at(-1) ?? '').replace(/%21/g, '!').replace(/%2b/gi, '+')

/** Where an installer unpacks it to, beside it. */
export const folderNameOf = (one: Pick<LockedConda, 'url'>): string =>
  fileNameOf(one).replace(/\.(?:conda|tar\.bz2)$/, '')

/** md5 is what every installer reads here; the sha256 of what it fetched is looked at afterwards. */
export const explicitText = (lock: EnvironmentLock, mirrors: Readonly<Record<string, string>>): string =>
  ['@EXPLICIT\n', ...lock.conda.map(one => `${mirrored(one.url, mirrors)}#${one.md5}\n`)].join('')

/**
 * pixi installs into .pixi/envs/<name> of a project and nowhere else: `detached-environments` adds names of its own, and there is no
 * --prefix. So the project lies where the prefix of the others would, and the prefix in it; a prefix cannot be moved.
 */
export const PIXI_PREFIX = '.pixi/envs/default'

const PIXI_WORKSPACE_SINCE = 41

/** By path in the project; with `pixiLock` as packages/environment writes it of the mirrored lock. */
export function pixiProject(
  { platform }: Pick<EnvironmentLock, 'platform'>,
  channels: readonly string[],
  pixiLock: string,
  release: readonly number[],
): Record<string, string> {
  const [major = 0, minor = 0] = release
  const table = major > 0 || minor >= PIXI_WORKSPACE_SINCE ? 'workspace' : 'project'
  return {
    'pixi.toml': `[${table}]\nname = "environment"\nchannels = ${JSON.stringify(channels)}\nplatforms = ["${platform}"]\n`,
    'pixi.lock': pixiLock,
    // Of this project, so before that of the machine and of whoever runs it.
    '.pixi/config.toml': 'detached-environments = false\nallow-symbolic-links = false\nallow-hard-links = false\n',
  }
}
