// Builds for CPUs. Asked for on a node with a GPU they are no answer: they run, leave the GPU idle, and nobody notices for hours.
import type { CompatibilityFinding, CompatibilityQuestion } from '@trotline/contracts'
import { type Evidence, finding } from '../findings.ts'
import { listed } from '../listed.ts'
import { type Matrix, ruleOf } from '../matrix/matrix.ts'
import { within } from '../versions/dotted.ts'
import { type Build, FRAMEWORK_NAMES, type ListedFramework } from './build.ts'
import { buildsOf } from './builds-of.ts'
import { channelRow } from './channels.ts'
import { tensorflowRelease } from './tensorflow.ts'
import { solverCuda, type Wanted } from './wanted.ts'

/** null: a build with CUDA is asked for. */
export function cpuOnly(
  wanted: Wanted,
  framework: ListedFramework,
  question: CompatibilityQuestion,
  matrix: Matrix,
): { findings: CompatibilityFinding[]; sibling: Build | null } | null {
  const found = cpuBuild(wanted, framework, matrix) ?? solvedWithoutDriver(wanted, framework, question, matrix)
  if (found === null) return null
  const sibling = buildsOf(framework, matrix).find(
    build =>
      build.channel === wanted.channel && wanted.version !== null && within(wanted.version, build.from, build.to),
  )
  return { findings: [found], sibling: sibling ?? null }
}

function cpuBuild(wanted: Wanted, framework: ListedFramework, matrix: Matrix): CompatibilityFinding | null {
  const rule = ruleOf('cpu-only', matrix)
  const name = FRAMEWORK_NAMES[framework]
  const tell = (detail: string, found: string, hint: string, from: readonly (Evidence | null)[] = []) =>
    finding('build-gpu', 'cpu-only', 'incompatible', detail, { required: 'a build with CUDA', found, hint, from })
  const build = wanted.condaBuild
  if (
    wanted.tag === 'cpu' ||
    /-cpu$/.test(wanted.package ?? '') ||
    (build !== null && /^(?:mkl|eigen)(?=[_*]|$)|(?:^|[_*])cpu(?=[_*]|$)/i.test(build))
  )
    return tell(
      `This is a build of ${name} for CPUs: it never uses the node's GPU.`,
      build ?? wanted.package ?? wanted.tag ?? '',
      'Ask for a build with CUDA.',
      [rule],
    )
  if (framework !== 'tensorflow' || wanted.version === null || (wanted.version[0] ?? 0) >= 2) return null
  // Whoever names a CUDA and no package means the build that has it.
  if (wanted.package !== 'tensorflow' && (wanted.package !== null || wanted.cuda !== null || build !== null))
    return null
  const conda = wanted.channel?.startsWith('conda:') ?? false
  if (conda && (wanted.cuda !== null || /gpu|cuda|h[0-9a-f]{7}/i.test(build ?? ''))) return null
  const release = tensorflowRelease(wanted.version.map(String).join('.'), matrix)
  const pythons = release === null ? '' : ` It is built for Python ${listed(release.python, 'and')}.`
  return tell(
    `Plain "tensorflow" ${wanted.versionText} is a CPU build: it runs, and never uses the node's GPU.${pythons}`,
    `tensorflow ${wanted.versionText}`,
    conda
      ? 'Ask for tensorflow-gpu, or for a build gpu_*, with the CUDA that the driver runs.'
      : 'Below 2.0 the GPU build is the package tensorflow-gpu.',
    [rule, release],
  )
}

/** conda-forge's packages ask for __cuda: where the solver has none, it takes the build for CPUs. */
function solvedWithoutDriver(
  wanted: Wanted,
  framework: ListedFramework,
  question: CompatibilityQuestion,
  matrix: Matrix,
): CompatibilityFinding | null {
  if (wanted.channel === null || channelRow(wanted.channel, framework, matrix)?.cudaGuard !== true) return null
  const asked = question.virtualPackages !== undefined || /login|without-gpu/i.test(question.solveHost ?? '')
  if (!asked || solverCuda(question) !== null) return null
  return finding(
    'build-gpu',
    'cpu-only',
    'incompatible',
    `Solved where there is no driver, conda takes the build of ${FRAMEWORK_NAMES[framework]} for CPUs: there is no __cuda.`,
    {
      required: '__cuda',
      found: 'no __cuda',
      hint: "Set CONDA_OVERRIDE_CUDA to the compute node's value, and pin the build with =*=cuda*.",
      from: [ruleOf('login-node', matrix)],
    },
  )
}
