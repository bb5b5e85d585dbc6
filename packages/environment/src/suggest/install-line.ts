// A build as people write it down: a requirement for pip, a match spec for conda, a package for npm.
import type { Software } from '@trotline/contracts'
import type { Build } from '../builds/build.ts'
import { minorOf, showDotted } from '../versions/dotted.ts'

/** null: there is nothing to write, as for a program of one's own. */
export function installLine(build: Build | null, { frameworkVersion = '', package: name }: Software): string | null {
  if (build === null) return null
  const cuda = showDotted(minorOf(build.cudaNumbers))
  switch (build.channel) {
    case 'npm':
      return `@tensorflow/${build.package}@${frameworkVersion}`
    case 'pip':
      return pipLine(build, frameworkVersion, name ?? build.package)
    case 'conda:pytorch':
      return `pytorch::pytorch=${frameworkVersion}=*cuda${cuda}*`
    case 'conda:defaults':
      return `defaults::${build.framework === 'tensorflow' ? 'tensorflow' : build.package}=${frameworkVersion}${build.condaBuild === null ? '=gpu_*' : `=${build.condaBuild}`}`
    default:
      return `${build.channel.replace(/^conda:/, '')}::${build.package}=${frameworkVersion}=*cuda* cuda-version=${cuda}`
  }
}

/** null: its wheels for CUDA are not in pip's index. */
function pipLine(build: Build, version: string, name: string): string | null {
  if (build.framework === 'pytorch') return `torch==${exact(version)}${build.tag === null ? '' : `+${build.tag}`}`
  if (build.framework === 'jax')
    return (build.cudaNumbers[0] ?? 0) >= 12 ? `jax[cuda${build.cudaNumbers[0]}]==${version}` : null
  return build.bundled ? `${name}[and-cuda]==${exact(version)}` : `${name}==${exact(version)}`
}

/** pip has no release 2.1, only 2.1.0. */
const exact = (version: string): string => (/^\d+\.\d+$/.test(version) ? `${version}.0` : version)
