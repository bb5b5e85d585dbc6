// TensorFlow's builds: pip has one CUDA per release (tensorflow-gpu below 2.0, where plain tensorflow is a CPU build);
// conda's defaults have other CUDAs for the same release, told apart by a hash in the build string; conda-forge from 2.6 on.
import type { Matrix, Row } from '../matrix/matrix.ts'
import { compareDotted, dotted, minorOf, sameMinor, showDotted, within } from '../versions/dotted.ts'
import { type Build, PLAIN, type PythonRange } from './build.ts'
import { channelRow } from './channels.ts'
import { cudaOf, versions } from './pytorch.ts'

const NAMES = { framework: 'tensorflow' } as const
/** From here on `pip install tensorflow[and-cuda]` brings CUDA along; before, the node or a module has it. */
const AND_CUDA = dotted('2.14')

export function tensorflowBuilds(matrix: Matrix): Build[] {
  return [
    ...matrix.tables.tensorflowPip.map(row => ofPip(row)),
    ...matrix.tables.tensorflowConda.map(row => ofConda(row, matrix)),
  ]
}

function ofPip(row: Row<'tensorflowPip'>): Build {
  const minor = showDotted(minorOf(dotted(row.version)))
  return {
    ...PLAIN,
    ...NAMES,
    ...versions(minor, minor),
    ...cudaOf(row.cuda),
    version: row.version,
    package: row.package,
    channel: 'pip',
    cudnn: row.cudnn,
    python: pythonOf(row),
    ...kernelsOf(row),
    // The tables are of Linux on x86_64: install/source.md has no GPU row for other processors.
    cpuArchs: ['x86_64'],
    minDriver: row.minDriver,
    bundled: compareDotted(dotted(row.version), AND_CUDA) >= 0,
    source: row.source,
    confidence: row.confidence,
  }
}

function ofConda(row: Row<'tensorflowConda'>, matrix: Matrix): Build {
  const channel = channelRow(row.channel, 'tensorflow', matrix)
  // Nobody listed the kernels of conda-forge's builds: the least that the release of pip asks for is the best guess.
  const release = matrix.tables.tensorflowPip.find(({ version }) => sameMinor(dotted(version), dotted(row.to)))
  return {
    ...PLAIN,
    ...NAMES,
    ...versions(row.from, row.to),
    ...cudaOf(row.cuda),
    package: 'tensorflow',
    channel: row.channel,
    cudnn: row.cudnn,
    python: pythonOf(row),
    sass: row.sass,
    ptx: row.sass === null ? null : (row.ptx ?? []),
    minCapability: row.sass === null ? (release?.minCapability ?? null) : null,
    glibc: channel?.glibc ?? null,
    hashes: row.hashes,
    condaBuild: row.hashes.length > 0 ? `gpu_*${row.hashes[0]}_*` : null,
    cudaGuard: channel?.cudaGuard ?? false,
    source: row.source,
    confidence: row.confidence,
  }
}

const pythonOf = (row: Row<'tensorflowPip'> | Row<'tensorflowConda'>): PythonRange => ({
  supported: row.python,
  experimental: [],
  openEnded: false,
  seen: null,
  source: row.source,
  confidence: row.confidence,
})

/** What a release of TensorFlow holds for GPUs; libtensorflow of the same release holds the same. */
export const kernelsOf = (row: Row<'tensorflowPip'>) => ({
  sass: row.sass,
  ptx: row.ptx,
  minCapability: row.minCapability,
  jitTrouble: row.jitTrouble ?? null,
})

/** The row of the release that the version is a patch of. */
export const tensorflowRelease = (version: string, matrix: Matrix): Row<'tensorflowPip'> | null =>
  matrix.tables.tensorflowPip.find(row => {
    const minor = minorOf(dotted(row.version))
    return within(dotted(version), minor, minor)
  }) ?? null
