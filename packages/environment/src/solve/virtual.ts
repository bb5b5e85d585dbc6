// What conda calls virtual packages: the driver's CUDA, glibc, the processor. The solver has no parameter for them, so they are
// served to it as a channel of their own and asked for as roots: a `constrains` binds only what is asked for.
import type { CondaPlatform, VirtualPackages } from '@trotline/contracts'
import { emptyDocument, type ReachableDocument } from './document.ts'

export interface OfferedPackage {
  name: string
  version: string
  build: string
}

/** Nothing is fetched from it; `.invalid` can be nobody's (RFC 2606). */
export const VIRTUAL_CHANNEL = 'https://virtual-packages.invalid/nodes'

const ARCHITECTURES: Record<CondaPlatform, string> = {
  'linux-64': 'x86_64',
  'linux-aarch64': 'aarch64',
  'linux-ppc64le': 'ppc64le',
}

/** In the order of the alphabet. What is not known is not offered, but for what every node of the platform has. */
export function offeredPackages(platform: CondaPlatform, known: VirtualPackages): OfferedPackage[] {
  const versioned = (['__cuda', '__cuda_arch', '__glibc'] as const).flatMap(name => {
    const version = known[name]
    return version === undefined || version === null ? [] : [{ name, version, build: '0' }]
  })
  return [
    // As conda has it: the version is 1, the build is the architecture.
    { name: '__archspec', version: '1', build: known.__archspec ?? ARCHITECTURES[platform] },
    ...versioned,
    // 0 is conda's own word for a kernel whose version it cannot tell.
    { name: '__linux', version: known.__linux ?? '0', build: '0' },
    { name: '__unix', version: '0', build: '0' },
  ].sort((a, b) => (a.name < b.name ? -1 : 1))
}

export const rootsOf = (offered: readonly OfferedPackage[]): string[] =>
  offered.map(({ name, version }) => `${name} ==${version}`)

/** The channel that has them; an empty noarch has to be there as well. */
export function virtualDocuments(offered: readonly OfferedPackage[], platform: CondaPlatform): ReachableDocument[] {
  const packages = Object.fromEntries(
    offered.map(one => [
      `${one.name}-${one.version}-${one.build}.tar.bz2`,
      { ...one, build_number: 0, depends: [], subdir: platform, md5: '0'.repeat(32), sha256: '0'.repeat(64), size: 0 },
    ]),
  )
  const text = JSON.stringify({ info: { subdir: platform }, packages, 'packages.conda': {}, repodata_version: 1 })
  return [{ channel: VIRTUAL_CHANNEL, subdir: platform, text }, emptyDocument(VIRTUAL_CHANNEL, 'noarch')]
}
