// tfjs-node-gpu's builds: whatever the README says, the version of libtensorflow decides CUDA, cuDNN and kernels.
import type { Matrix, Row } from '../matrix/matrix.ts'
import { type Build, PLAIN } from './build.ts'
import { cudaOf, versions } from './pytorch.ts'
import { kernelsOf, tensorflowRelease } from './tensorflow.ts'

export function tfjsNodeGpuBuilds(matrix: Matrix): Build[] {
  const rows = matrix.tables.tfjsNodeGpu
  return rows.map((row, i) => {
    const next = rows[i + 1]
    const release = row.libtensorflow === null ? null : tensorflowRelease(row.libtensorflow, matrix)
    return {
      ...PLAIN,
      framework: 'tfjs-node-gpu',
      package: 'tfjs-node-gpu',
      channel: 'npm',
      ...versions(row.version, next !== undefined && alike(row, next) ? next.version : row.version),
      version: row.version,
      ...cudaOf(row.cuda),
      cudnn: row.cudnn,
      ...(release === null ? { sass: null, ptx: null } : kernelsOf(release)),
      minDriver: null,
      cpuArchs: row.cpuArch,
      // install.js throws on whatever is not in its list.
      noOtherCpuArch: true,
      napi: row.napi,
      bundled: false,
      readmeCuda: row.readmeCuda === row.cuda ? null : row.readmeCuda,
      source: release === null ? row.source : `${row.source}; ${release.source}`,
      confidence: row.confidence,
    }
  })
}

/** Not every tag of the early versions was read: what lies between two that are alike, is like them. */
const alike = (one: Row<'tfjsNodeGpu'>, other: Row<'tfjsNodeGpu'>): boolean =>
  one.libtensorflow !== null && one.libtensorflow === other.libtensorflow && String(one.napi) === String(other.napi)
