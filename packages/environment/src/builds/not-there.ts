// Why a build is not there: never published, or not known to the matrix. The two are kept apart: only a channel of which the
// matrix has everything can say `never`.
import type { CompatibilityFinding } from '@trotline/contracts'
import { finding } from '../findings.ts'
import { listed } from '../listed.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { parseWheelTag } from '../versions/cuda.ts'
import { compareDotted, type Dotted, dotted, sameMinor, showDotted, within } from '../versions/dotted.ts'
import { type Build, FRAMEWORK_NAMES, type ListedFramework } from './build.ts'
import { buildsOf } from './builds-of.ts'
import { channelRow } from './channels.ts'
import type { Wanted } from './wanted.ts'

export function noSuchVersion(
  wanted: Wanted,
  framework: ListedFramework,
  builds: readonly Build[],
  matrix: Matrix,
): CompatibilityFinding {
  const name = FRAMEWORK_NAMES[framework]
  const channel = wanted.channel === null ? null : channelRow(wanted.channel, framework, matrix)
  const all = buildsOf(framework, matrix)
  const newest = all[0]
  const asked = wanted.version
  const about = (rule: string, verdict: 'incompatible' | 'unknown', detail: string, hint: string) =>
    finding('build-rest', rule, verdict, detail, {
      required: `a release of ${name} that ${wanted.channel} has`,
      found: wanted.versionText,
      hint,
      from: [channel],
    })
  if (channel?.lastVersion !== undefined && asked !== null && compareDotted(asked, dotted(channel.lastVersion)) > 0)
    return about(
      'build-not-published',
      'incompatible',
      `${name} ${wanted.versionText} was never published in the channel ${channel.channel.replace('conda:', '')}: it ends at ${channel.lastVersion}.`,
      `Take ${channel.lastVersion} from it, or a newer release from pip or conda-forge.`,
    )
  if (
    newest !== undefined &&
    asked !== null &&
    compareDotted(asked, newest.to) > 0 &&
    !within(asked, newest.from, newest.to)
  )
    return about(
      'release-unknown',
      'unknown',
      `${name} ${wanted.versionText} is newer than the matrix (${matrix.asOf}), which ends at ${showDotted(newest.to)}.`,
      'A row for it has to be added to the matrix first.',
    )
  const oldest = builds.reduce((a, b) => (compareDotted(a.from, b.from) <= 0 ? a : b))
  const older = asked === null || compareDotted(asked, oldest.from) < 0
  const patch = asked !== null && builds.some(build => sameMinor(build.to, asked))
  if (channel?.complete !== true || older || patch)
    return about(
      'release-unknown',
      'unknown',
      `The matrix does not have ${name} ${wanted.versionText} from ${wanted.channel}.`,
      patchesNear(asked, builds) ?? 'Ask for a release that the matrix has.',
    )
  return about(
    'build-not-published',
    'incompatible',
    `${name} ${wanted.versionText} was never published for ${wanted.channel}.`,
    patchesNear(asked, builds) ?? 'Ask for a release that exists.',
  )
}

function patchesNear(asked: Dotted | null, builds: readonly Build[]): string | null {
  if (asked === null) return null
  const near = [...new Set(builds.filter(build => build.to[0] === asked[0]).map(build => build.version))].slice(0, 8)
  return near.length === 0 ? null : `Of ${asked[0]}.x it has ${listed(near.reverse(), 'and')}.`
}

export function noSuchBuild(
  wanted: Wanted,
  framework: ListedFramework,
  ofVersion: readonly Build[],
): CompatibilityFinding {
  const name = `${FRAMEWORK_NAMES[framework]} ${wanted.versionText ?? ofVersion[0]?.version}`
  const there = [...new Set(ofVersion.map(build => build.cuda))].reverse()
  // JAX's cuda11 names no minor: beside a CUDA that does exist, it is the tag that does not.
  const tag = wanted.tag !== null && parseWheelTag(wanted.tag) === null ? `the tag ${wanted.tag}` : null
  const cuda =
    wanted.cuda !== null
      ? `CUDA ${showDotted(wanted.cuda)}`
      : wanted.cudaMajor === null
        ? null
        : `CUDA ${wanted.cudaMajor}`
  const asked = wanted.condaBuild ?? wanted.tag ?? cuda ?? 'this CUDA'
  return finding(
    'build-rest',
    'build-not-published',
    'incompatible',
    `${name} was never published for ${tag ?? cuda ?? asked} in ${wanted.channel}: there it is built for CUDA ${listed(there, 'and')}.`,
    {
      required: `a build for CUDA ${listed(there, 'or')}`,
      found: asked,
      hint: `Take its build for CUDA ${there[0]}${there.length > 1 ? ` or another of them` : ''}, or another release.`,
      from: ofVersion.slice(0, 1),
    },
  )
}

/** Conda's build strings of TensorFlow tell their CUDA by a hash, and not every hash is in the matrix. */
export const unknownHash = (
  wanted: Wanted,
  framework: ListedFramework,
  ofVersion: readonly Build[],
): CompatibilityFinding =>
  finding(
    'build-rest',
    'build-unknown',
    'unknown',
    `The matrix does not know for which CUDA the build ${wanted.condaBuild} of ${FRAMEWORK_NAMES[framework]} ${wanted.versionText ?? ''} is.`,
    {
      required: listed(
        ofVersion.flatMap(build => build.hashes.map(hash => `${hash} (CUDA ${build.cuda})`)),
        'or',
      ),
      found: wanted.condaBuild,
      hint: 'Name one of these builds, or leave the build string out and name the CUDA.',
      from: ofVersion.slice(0, 1),
    },
  )
