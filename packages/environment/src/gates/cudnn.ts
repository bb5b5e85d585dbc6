// Still gate 4: cuDNN. It was made for certain CUDAs and GPUs, and a build is linked to one major of it.
import type { CompatibilityFinding } from '@trotline/contracts'
import { type Build, buildName } from '../builds/build.ts'
import { exactText, type Wanted } from '../builds/wanted.ts'
import { type Evidence, finding } from '../findings.ts'
import type { Node } from '../gpus/node.ts'
import { listed } from '../listed.ts'
import { type CudnnRow, type Matrix, ruleOf } from '../matrix/matrix.ts'
import { compareDotted, type Dotted, dotted, parseDotted, sameMinor, showDotted, within } from '../versions/dotted.ts'

/** Empty where no cuDNN is known of. */
export function cudnn(
  build: Build,
  wanted: Wanted,
  node: Node,
  cudaAtRunTime: Dotted,
  matrix: Matrix,
): CompatibilityFinding[] {
  const name = buildName(build, exactText(wanted))
  const ofBuild = build.cudnn === null ? null : parseDotted(build.cudnn)
  const version = wanted.cudnn ?? ofBuild
  if (version === null) return unpinned(build, name, node, matrix)
  // The build's own cuDNN goes with the build's own CUDA, whatever a module has.
  const cuda = wanted.cudnn === null ? build.cudaNumbers : cudaAtRunTime
  const findings = [...matchesBuild(build, name, wanted.cudnn, ofBuild, matrix)]
  const rows = matrix.cudnn.filter(row => fitsRow(version, row))
  const given = wanted.cudnn !== null
  if (rows.length === 0) {
    if (given && build.channel === 'any' && isNewer(version, matrix))
      findings.push(
        finding(
          'build-rest',
          'cudnn-unknown',
          'unknown',
          `cuDNN ${showDotted(version)} is newer than the matrix (${matrix.asOf}).`,
          {
            required: 'a version of the matrix',
            found: showDotted(version),
          },
        ),
      )
    return findings
  }
  const ofCuda = rows.filter(row => row.cuda.some(one => cudaFits(cuda, one)))
  if (ofCuda.length === 0) {
    findings.push(
      finding(
        'build-rest',
        'cudnn-mismatch',
        'incompatible',
        `cuDNN ${showDotted(version)} does not exist for CUDA ${showDotted(cuda)}: it was made for ${listed([...new Set(rows.flatMap(row => row.row.cuda))], 'and')}.`,
        {
          required: `CUDA ${listed([...new Set(rows.flatMap(row => row.row.cuda))], 'or')}`,
          found: `CUDA ${showDotted(cuda)}`,
          hint: 'Take the cuDNN that was made for this CUDA.',
          from: rows.map(row => row.row),
        },
      ),
    )
    return findings
  }
  return [...findings, ...ofGpu(version, ofCuda, name, node)]
}

function ofGpu(version: Dotted, rows: readonly CudnnRow[], name: string, node: Node): CompatibilityFinding[] {
  const row = rows[0]?.row
  if (node.capability === null || row === undefined) return []
  const found = showDotted(node.capability)
  const gpu = node.gpu?.product ?? 'this GPU'
  const words = { required: `compute capability ${row.minCapability} or higher`, found, from: [row] }
  if (compareDotted(node.capability, dotted(row.minCapability)) < 0)
    return [
      finding(
        'build-rest',
        'cudnn-arch',
        'incompatible',
        `${name} has cuDNN ${showDotted(version)}, which needs compute capability ${row.minCapability} or higher; ${gpu} has ${found}.`,
        { ...words, hint: 'Take a release with an older cuDNN, or a partition with newer GPUs.' },
      ),
    ]
  if (row.disputedMinCapability !== undefined && compareDotted(node.capability, dotted(row.disputedMinCapability)) < 0)
    return [
      finding(
        'build-rest',
        'cudnn-arch',
        'unknown',
        `Whether cuDNN ${showDotted(version)} still runs on ${gpu} (${found}) is not known: ${row.from} to ${row.to} dropped GPUs below ${row.disputedMinCapability} somewhere.`,
        {
          ...words,
          required: `compute capability ${row.disputedMinCapability} or higher`,
          hint: 'Take cuDNN 9.10, or run a short test job first.',
        },
      ),
    ]
  if (
    row.maxCapability !== undefined &&
    node.capability[0] !== undefined &&
    compareDotted(node.capability, dotted(row.maxCapability)) > 0
  )
    return [
      finding(
        'build-rest',
        'cudnn-arch',
        'compatible-with-warning',
        `cuDNN ${showDotted(version)} is older than ${gpu} (${found}): it was made for GPUs up to ${row.maxCapability}.`,
        { ...words, required: `compute capability up to ${row.maxCapability}`, hint: 'Take a newer release.' },
      ),
    ]
  return [finding('build-rest', 'cudnn-arch', 'compatible', `cuDNN ${showDotted(version)} runs on ${gpu}.`, words)]
}

function matchesBuild(
  build: Build,
  name: string,
  given: Dotted | null,
  ofBuild: Dotted | null,
  matrix: Matrix,
): CompatibilityFinding[] {
  if (given === null) return []
  const found = `cuDNN ${showDotted(given)}`
  const from: (Evidence | null)[] = [build, ruleOf('runtime-mismatch', matrix)]
  const range = build.cudnnRange
  if (
    range !== null &&
    !(compareDotted(given, dotted(range.from)) >= 0 && compareDotted(given, dotted(range.below)) < 0)
  )
    return [
      finding(
        'build-rest',
        'cudnn-mismatch',
        'incompatible',
        `${name} needs cuDNN from ${range.from} on and below ${range.below}; ${showDotted(given)} is what it would find.`,
        {
          required: `cuDNN >=${range.from},<${range.below}`,
          found,
          hint: `Take cuDNN ${range.from} or a later ${range.from.split('.')[0]}.x.`,
          from,
        },
      ),
    ]
  if (ofBuild === null) return []
  if (given[0] !== ofBuild[0])
    return [
      finding(
        'build-rest',
        'cudnn-mismatch',
        'incompatible',
        `${name} is linked to cuDNN ${build.cudnn}; ${showDotted(given)} is what it would find.`,
        {
          required: `cuDNN ${build.cudnn} or a later ${ofBuild[0]}.x`,
          found,
          hint: `Load cuDNN ${ofBuild[0]}.x.`,
          from,
        },
      ),
    ]
  if (given.length > 1 && compareDotted(given.slice(0, 2), ofBuild.slice(0, 2)) < 0)
    return [
      finding(
        'build-rest',
        'cudnn-mismatch',
        'compatible-with-warning',
        `${name} was built with cuDNN ${build.cudnn}; ${showDotted(given)} is older, of the same major.`,
        {
          required: `cuDNN ${build.cudnn} or a later ${ofBuild[0]}.x`,
          found,
          hint: `Load cuDNN ${build.cudnn} or newer.`,
          from: [{ source: build.source, confidence: 'from-general-knowledge' }],
        },
      ),
    ]
  return []
}

/** Nothing pins cuDNN, and the newest that may come along no longer knows this GPU. */
function unpinned(build: Build, name: string, node: Node, matrix: Matrix): CompatibilityFinding[] {
  const range = build.cudnnRange
  const { capability } = node
  if (range === null || capability === null) return []
  const trap = matrix.cudnn.find(
    ({ from, row }) =>
      compareDotted(from, dotted(range.below)) < 0 &&
      compareDotted(from, dotted(range.from)) >= 0 &&
      compareDotted(capability, dotted(row.minCapability)) < 0,
  )
  if (trap === undefined) return []
  return [
    finding(
      'build-rest',
      'cudnn-unpinned',
      'compatible',
      `${name} takes any cuDNN from ${range.from} on; from ${trap.row.from} on it needs compute capability ${trap.row.minCapability}, and this GPU has ${showDotted(capability)}.`,
      {
        required: `cuDNN below ${trap.row.from}`,
        found: `>=${range.from},<${range.below}`,
        hint: `Pin cuDNN below ${trap.row.from}.`,
        from: [trap.row, build],
      },
    ),
  ]
}

const fitsRow = (version: Dotted, row: CudnnRow): boolean => version.length > 1 && within(version, row.from, row.to)

/** From CUDA 11 on a cuDNN runs with every minor of its major. */
const cudaFits = (cuda: Dotted, one: Dotted): boolean =>
  (cuda[0] ?? 0) >= 11 || one.length < 2 ? cuda[0] === one[0] : sameMinor(cuda, one)

const isNewer = (version: Dotted, matrix: Matrix): boolean =>
  matrix.cudnn.every(row => compareDotted(version, row.to) > 0)
