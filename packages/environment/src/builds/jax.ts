// JAX's builds for pip. Its changelog speaks in ranges: which CUDA from which version on, which Python, which kernels.
// A build is a piece of version history in which all three stay the same.
import type { Matrix } from '../matrix/matrix.ts'
import { compareDotted, type Dotted, dotted } from '../versions/dotted.ts'
import { type Build, PLAIN } from './build.ts'
import { channelRow } from './channels.ts'
import { cudaOf } from './pytorch.ts'

export function jaxBuilds(matrix: Matrix): Build[] {
  const { jaxBuilds: variants, jaxPython, jaxKernels } = matrix.tables
  const glibc = channelRow('pip', 'jax', matrix)?.glibc ?? null
  const builds: Build[] = []
  for (const variant of variants)
    for (const kernels of jaxKernels) {
      if (kernels.cudaMajor !== null && dotted(kernels.cudaMajor)[0] !== dotted(variant.builtWith)[0]) continue
      for (const python of [...jaxPython, null]) {
        const pieces = python === null ? [variant, kernels] : [variant, kernels, python]
        const piece = overlap(pieces)
        if (piece === null || (python === null && overlapsAny(piece, jaxPython))) continue
        builds.push({
          ...PLAIN,
          framework: 'jax',
          package: 'jax',
          channel: 'pip',
          version: piece.from,
          from: dotted(piece.from),
          to: dotted(piece.to),
          ...cudaOf(variant.builtWith),
          // As pip's extra has it: jax[cuda12].
          tag: `cuda${dotted(variant.builtWith)[0]}`,
          cudaAtRunTime: { from: dotted(variant.cudaFrom), to: dotted(variant.cudaTo) },
          cudnnRange: variant.cudnn,
          python:
            python === null
              ? null
              : {
                  supported: pythonsBetween(python.pythonFrom, python.pythonTo),
                  experimental: [],
                  openEnded: true,
                  seen: null,
                  source: python.source,
                  confidence: python.confidence,
                },
          sass: kernels.sass,
          ptx: kernels.ptx,
          minCapability: variant.minCapability,
          glibc,
          minDriver: variant.minDriver,
          source: variant.source,
          confidence: kernels.confidence,
        })
      }
    }
  return builds
}

interface Piece {
  from: string
  to: string
}

function overlap(pieces: readonly Piece[]): Piece | null {
  const from = pieces.map(piece => piece.from).reduce((a, b) => (compareDotted(dotted(a), dotted(b)) >= 0 ? a : b))
  const to = pieces.map(piece => piece.to).reduce((a, b) => (compareEnds(dotted(a), dotted(b)) <= 0 ? a : b))
  return compareEnds(dotted(from), dotted(to)) <= 0 ? { from, to } : null
}

const overlapsAny = (piece: Piece, others: readonly Piece[]): boolean =>
  others.some(other => overlap([piece, other]) !== null)

/** Upper ends with all that they begin: 0.5 is later than 0.5.3. */
function compareEnds(a: Dotted, b: Dotted): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const one = a[i] ?? Number.POSITIVE_INFINITY
    const other = b[i] ?? Number.POSITIVE_INFINITY
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}

function pythonsBetween(from: string, to: string): string[] {
  const [major = 3, first = 0] = dotted(from)
  const last = dotted(to)[1] ?? first
  return Array.from({ length: last - first + 1 }, (_, i) => `${major}.${first + i}`)
}
