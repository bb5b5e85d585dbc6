// Gate 2: does the driver run the CUDA of the build? Natively (it is the toolkit's own driver or newer), by minor-version
// compatibility (CUDA 11 and later, same major), with cuda-compat libraries (forward compatibility), or not at all.
import type { CompatibilityFinding } from '@trotline/contracts'
import { type Evidence, finding } from '../findings.ts'
import type { Node } from '../gpus/node.ts'
import { type Matrix, type Row, ruleOf, type Toolkit } from '../matrix/matrix.ts'
import { compareDotted, type Dotted, dotted, minorOf, showDotted, within } from '../versions/dotted.ts'
import { parseDriver, reaches } from '../versions/driver.ts'
import { forwardCompat } from './forward-compat.ts'
import { staleLibraries } from './stale-libraries.ts'
import type { CudaAsked, DriverCuda, Way } from './way.ts'

export function driverCuda(
  asked: CudaAsked,
  node: Node,
  compat: { package: string | undefined; libraryPath: string | undefined },
  matrix: Matrix,
): DriverCuda {
  const found = toolkitOf(asked.cuda, matrix)
  if ('finding' in found) return { way: 'unknown', findings: [found.finding] }
  const { toolkit } = found
  const { driver } = node
  if (driver === null) return { way: 'unknown', findings: [] }
  const stale = staleLibraries(toolkit, driver, node, compat, matrix)
  if (stale !== null) return { way: 'refused', findings: [stale] }
  if (reaches(driver, toolkit.minDriver) === true) return native(asked, node, driver, toolkit, compat.package, matrix)
  if (compat.package !== undefined) {
    const forward = forwardCompat(asked, compat.package, node, driver, matrix)
    // A package that brings too little, or is made for other branches, leaves the driver to itself.
    if (forward !== null && forward.way === 'without') {
      const alone = sameMajor(asked, node, driver, toolkit, matrix)
      const ofPackage = forward.findings.map(one => softened(one, alone.way))
      const wrongBranch = forward.findings.some(({ rule }) => rule === 'forward-compat-branch')
      const findings = wrongBranch ? [...ofPackage, ...alone.findings] : [...alone.findings, ...ofPackage]
      return { way: alone.way, findings }
    }
    if (forward !== null && forward.way !== 'without') return { way: forward.way, findings: forward.findings }
  }
  if (toolkit.disputedMinDriver !== null && reaches(driver, toolkit.disputedMinDriver) === true)
    return { way: 'native', findings: [disputed(asked, node, toolkit)] }
  return sameMajor(asked, node, driver, toolkit, matrix)
}

/** NVIDIA's table of bases says where a package helps; where it does not, the driver's own compatibility still applies. */
const softened = (one: CompatibilityFinding, way: Way): CompatibilityFinding =>
  way === 'minor-version'
    ? { ...one, verdict: 'compatible-with-warning', hint: 'Leave it out: the driver runs this CUDA without it.' }
    : one

/** The toolkit's release: 12.4 is 12.4.0, 9.2 is 9.2.148 (below CUDA 11 nothing but its own driver runs the last update). */
function toolkitOf(cuda: Dotted, matrix: Matrix): { toolkit: Toolkit } | { finding: CompatibilityFinding } {
  const [major = 0, minor = 0, patch] = cuda
  const releases = matrix.toolkits.get(`${major}.${minor}`)
  if (releases !== undefined) {
    const newest = releases.at(-1) as Toolkit
    const oldest = releases[0] as Toolkit
    const first = releases.find(release => release.row.stage !== 'candidate') ?? oldest
    if (patch === undefined) return { toolkit: major >= 11 ? first : newest }
    // 11.0.221 and 12.4.127 are numbers of builds, not of updates.
    if (major >= 11 && patch >= 20) return { toolkit: newest }
    return { toolkit: releases.findLast(release => compareDotted(release.cuda, cuda) <= 0) ?? oldest }
  }
  const never = matrix.tables.toolkitsNeverReleased.find(row => compareDotted(dotted(row.cuda), minorOf(cuda)) === 0)
  if (never !== undefined)
    return {
      finding: finding(
        'build-rest',
        'build-not-published',
        'incompatible',
        `There is no CUDA toolkit ${never.cuda}: ${never.reportedBy} drivers print it as the newest CUDA they support.`,
        {
          required: 'a CUDA release',
          found: showDotted(cuda),
          hint: 'Ask for the CUDA that the build was made with.',
          from: [never],
        },
      ),
    }
  const newer = compareDotted(cuda, matrix.newestCuda) > 0
  return {
    finding: finding(
      'driver-cuda',
      'cuda-unknown',
      'unknown',
      newer
        ? `CUDA ${showDotted(cuda)} is newer than the matrix (${matrix.asOf}), which ends at ${showDotted(matrix.newestCuda)}.`
        : `The matrix has no CUDA ${showDotted(cuda)}.`,
      {
        required: `a release from ${showDotted(matrix.oldestCuda)} to ${showDotted(matrix.newestCuda)}`,
        found: showDotted(cuda),
        hint: newer ? 'A row for it has to be added to the matrix first.' : null,
      },
    ),
  }
}

function native(
  asked: CudaAsked,
  node: Node,
  driver: Dotted,
  toolkit: Toolkit,
  compatPackage: string | undefined,
  matrix: Matrix,
): DriverCuda {
  const required = `${toolkit.row.minDriver} or newer`
  const findings = [
    finding(
      'driver-cuda',
      'driver-native',
      'compatible',
      `${asked.name} needs an NVIDIA driver of ${toolkit.row.minDriver} or newer; this node has ${node.driverText}.`,
      { required, found: node.driverText, from: [toolkit.row] },
    ),
  ]
  const ceiling = newestCudaOf(driver, matrix)
  if (compareDotted(driver, toolkit.minDriver) > 0)
    findings.push(
      finding(
        'driver-cuda',
        'driver-backward',
        'compatible',
        ceiling === null || compareDotted(dotted(ceiling.newestCuda), minorOf(toolkit.cuda)) <= 0
          ? `Driver ${node.driverText} is newer than CUDA ${showDotted(toolkit.cuda)}, and runs it.`
          : `${ceiling.branch} drivers are made for CUDA ${ceiling.newestCuda} and run every older one.`,
        { required, found: node.driverText, from: [toolkit.row, ceiling, ruleOf('driver-backward', matrix)] },
      ),
    )
  if (compatPackage !== undefined)
    findings.push(
      finding(
        'driver-cuda',
        'forward-compat-not-needed',
        'compatible',
        `The driver runs CUDA ${showDotted(toolkit.cuda)} by itself; ${compatPackage} is not needed.`,
        {
          found: compatPackage,
          hint: 'Leave it out: left in LD_LIBRARY_PATH on a newer driver it fails with error 803.',
          from: [ruleOf('forward-compat-stale', matrix)],
        },
      ),
    )
  return { way: 'native', findings }
}

/** The branch that the driver belongs to, or the one before. */
export function newestCudaOf(driver: Dotted, matrix: Matrix): Row<'driverBranches'> | null {
  const numbers = [...matrix.branches.keys()].filter(number => number <= (driver[0] ?? 0))
  return numbers.length === 0 ? null : (matrix.branches.get(Math.max(...numbers)) ?? null)
}

/** The newest CUDA that an NVIDIA driver runs, as nvidia-smi would print it; null: nobody can tell. */
export function cudaCeiling(driver: string, matrix: Matrix): string | null {
  const parsed = parseDriver(driver)
  if (parsed === null) return null
  const branch = newestCudaOf(parsed, matrix)
  if (branch !== null) return branch.newestCuda
  // Of older branches than the table has, the toolkits tell.
  const run = [...matrix.toolkits.values()].flat().filter(({ minDriver }) => reaches(parsed, minDriver) === true)
  const newest = run.toSorted((a, b) => compareDotted(a.cuda, b.cuda)).at(-1)
  return newest === undefined ? null : showDotted(minorOf(newest.cuda))
}

const disputed = (asked: CudaAsked, node: Node, toolkit: Toolkit): CompatibilityFinding =>
  finding(
    'driver-cuda',
    'sources-disagree',
    'compatible-with-warning',
    `NVIDIA's table asks for driver ${toolkit.row.minDriver} for CUDA ${showDotted(toolkit.cuda)}, other sources for ${toolkit.row.disputedMinDriver}; this node has ${node.driverText}. ${asked.name} probably runs.`,
    {
      required: `${toolkit.row.minDriver} or newer (${toolkit.row.disputedMinDriver} by other sources)`,
      found: node.driverText,
      hint: 'Run a short test job first.',
      from: [{ source: toolkit.row.source, confidence: 'medium' }],
    },
  )

/** R525 begins with 525.53 or 525.60.13, and CUDA 12 needs the latter: the branch alone does not tell. */
export const withinBranch = (what: string, floor: string, node: Node, row: Evidence): CompatibilityFinding =>
  finding(
    'driver-cuda',
    'driver-branch',
    'unknown',
    `${what} needs an NVIDIA driver of ${floor} or newer; of this node only the branch is given, ${node.driverText}, and some of its drivers are older.`,
    {
      required: `${floor} or newer`,
      found: node.driverText,
      hint: 'Give the whole version: nvidia-smi --query-gpu=driver_version --format=csv,noheader prints it.',
      from: [row],
    },
  )

function sameMajor(asked: CudaAsked, node: Node, driver: Dotted, toolkit: Toolkit, matrix: Matrix): DriverCuda {
  const row = matrix.tables.minorVersion.find(({ from, to }) => within(toolkit.cuda, dotted(from), dotted(to)))
  const own = toolkit.row.minDriver
  const major = toolkit.cuda[0]
  const floor = row === undefined ? own : row.minDriver
  const ownReached = reaches(driver, toolkit.minDriver)
  const floorReached = row === undefined ? ownReached : reaches(driver, dotted(row.minDriver))
  if (floorReached === null)
    return { way: 'unknown', findings: [withinBranch(asked.name, floor, node, row ?? toolkit.row)] }
  if (row !== undefined && floorReached)
    return {
      way: ownReached === null ? 'native-or-minor-version' : 'minor-version',
      findings: [
        finding(
          'driver-cuda',
          'minor-version',
          'compatible-with-warning',
          `${asked.name} was made for an NVIDIA driver of ${own} or newer; this node has ${node.driverText} and runs it by minor-version compatibility, from ${floor} on.`,
          {
            required: `${own}, or ${floor} by minor-version compatibility`,
            found: node.driverText,
            hint: 'Features of the newer driver are missing, and nothing may be compiled from PTX.',
            from: [row, toolkit.row],
          },
        ),
      ],
    }
  const why =
    row === undefined
      ? `before CUDA 11 nothing but the toolkit's own driver, or a newer one, runs it`
      : `from ${floor} on every CUDA ${major} runs by minor-version compatibility`
  const ceiling = newestCudaOf(driver, matrix)
  return {
    way: 'refused',
    findings: [
      finding(
        'driver-cuda',
        'driver-too-old',
        'incompatible',
        `${asked.name} needs an NVIDIA driver of ${floor} or newer; this node has ${node.driverText}.`,
        {
          required: `${floor} or newer (${why})`,
          found: node.driverText,
          hint:
            ceiling === null
              ? 'Take a build for an older CUDA, or another partition.'
              : `Take a build for CUDA ${ceiling.newestCuda} or older, or a partition with a newer driver.`,
          from: [
            row ?? toolkit.row,
            asked.minDriver === null ? null : asked.from,
            row === undefined ? null : toolkit.row,
          ],
        },
      ),
    ],
  }
}
