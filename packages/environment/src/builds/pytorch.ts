// PyTorch's builds: wheels for pip (one per CUDA, told apart by the local version), the project's own conda channel up to
// 2.5.1, conda-forge and defaults. A wheel's arch list is that of the build script; what other libraries in it hold is no help.
import type { Matrix, Row } from '../matrix/matrix.ts'
import { dotted, within } from '../versions/dotted.ts'
import { type Build, PLAIN, type PythonRange } from './build.ts'
import { channelRow } from './channels.ts'

const NAMES = { framework: 'pytorch' } as const

export function pytorchBuilds(matrix: Matrix): Build[] {
  const { pytorchWheels, pytorchConda, pytorchCondaForge } = matrix.tables
  return [
    ...pytorchWheels.map(row => wheel(row, matrix)),
    ...pytorchConda.map(row => ofOwnChannel(row, matrix)),
    ...pytorchCondaForge.map(row => ofOtherChannel(row, matrix)),
  ]
}

function wheel(row: Row<'pytorchWheels'>, matrix: Matrix): Build {
  return {
    ...PLAIN,
    ...NAMES,
    ...versions(row.version, row.version),
    ...cudaOf(row.cuda),
    package: 'torch',
    channel: 'pip',
    cudnn: row.cudnn,
    python: pythonOf(row.version, null, matrix),
    sass: row.sass,
    ptx: row.ptx,
    disputedSass: row.disputedSass ?? [],
    glibc: row.glibc,
    disputedGlibc: row.disputedGlibc ?? null,
    cpuArchs: [row.cpuArch],
    tag: row.tag,
    isDefault: row.default,
    source: row.source,
    confidence: row.confidence,
  }
}

function ofOwnChannel(row: Row<'pytorchConda'>, matrix: Matrix): Build {
  return {
    ...PLAIN,
    ...NAMES,
    ...versions(row.version, row.version),
    ...cudaOf(row.cuda),
    package: 'pytorch',
    channel: 'conda:pytorch',
    cudnn: row.cudnn,
    python: pythonOf(row.version, row.pythonSeen, matrix),
    sass: row.sass,
    ptx: row.ptx,
    cpuArchs: ['x86_64'],
    condaBuild: row.build.replace('{py}', '*'),
    source: row.source,
    confidence: row.confidence,
  }
}

function ofOtherChannel(row: Row<'pytorchCondaForge'>, matrix: Matrix): Build {
  const channel = channelRow(row.channel, 'pytorch', matrix)
  return {
    ...PLAIN,
    ...NAMES,
    ...versions(row.from, row.to),
    ...cudaOf(row.cuda),
    package: 'pytorch',
    channel: row.channel,
    python: pythonOf(row.to, null, matrix),
    sass: row.sass,
    ptx: row.ptx,
    glibc: channel?.glibc ?? null,
    cudaGuard: channel?.cudaGuard ?? false,
    source: row.source,
    confidence: row.confidence,
  }
}

/** The release row that the version falls under: 2.5.1 under 2.5. */
function pythonOf(version: string, seen: readonly string[] | null, matrix: Matrix): PythonRange | null {
  const numbers = dotted(version)
  const row = matrix.tables.pytorchReleases.find(({ version: release }) =>
    within(numbers, dotted(release), dotted(release)),
  )
  if (row === undefined) return null
  return {
    supported: row.python,
    experimental: row.pythonExperimental,
    openEnded: false,
    seen,
    source: row.source,
    confidence: row.confidence,
  }
}

export const versions = (from: string, to: string) => ({ version: to, from: dotted(from), to: dotted(to) })

export const cudaOf = (cuda: string) => ({ cuda, cudaNumbers: dotted(cuda) })
