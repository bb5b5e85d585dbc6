// Gate 3: does the build hold machine code (a cubin) for this compute capability, or PTX that the driver can compile?
// Looking for the GPU's own number in the list is no test: 8.9 runs sm_86 and sm_80, 6.1 runs sm_60, 7.5 runs sm_70.
import type { CompatibilityFinding } from '@trotline/contracts'
import { type Build, buildName } from '../builds/build.ts'
import { type Evidence, finding } from '../findings.ts'
import type { Node } from '../gpus/node.ts'
import { listed } from '../listed.ts'
import { architectureOf, type Matrix, ruleOf } from '../matrix/matrix.ts'
import { parseCapability, smName } from '../versions/capability.ts'
import { compareDotted, type Dotted, dotted, minorOf, showDotted } from '../versions/dotted.ts'
import type { Way } from './way.ts'

/** `cuda` is that of the run: for most builds their own. Empty where the GPU is not known: that was said already. */
export function buildGpu(
  build: Build,
  version: string | null,
  cuda: Dotted,
  node: Node,
  way: Way,
  matrix: Matrix,
): CompatibilityFinding[] {
  const { capability } = node
  if (capability === null) return []
  const name = buildName(build, version)
  const about: About = {
    build,
    name,
    capability,
    way,
    matrix,
    ofProduct: node.gpu !== null,
    gpu: node.gpu?.product ?? `a GPU of compute capability ${showDotted(capability)}`,
  }
  const dropped = archDropped(about, cuda)
  const tooLow = build.minCapability !== null && compareDotted(capability, dotted(build.minCapability)) < 0
  const low = tooLow ? [belowMinimum(about, build.minCapability ?? '')] : []
  if (build.sass !== null) return [...dropped, ...low, ...listedKernels(about, build.sass, build.ptx ?? [])]
  return [...dropped, ...low, ...(tooLow ? [] : unlisted(about, cuda))]
}

interface About {
  build: Build
  name: string
  capability: Dotted
  gpu: string
  /** `gpu` is a product's name. */
  ofProduct: boolean
  way: Way
  matrix: Matrix
}

/** A GPU that is known by nothing else has its compute capability in its name. */
const withCapability = ({ gpu, capability, ofProduct }: About): string =>
  ofProduct ? `${gpu} (compute capability ${showDotted(capability)})` : gpu

function archDropped({ capability, name, gpu, ofProduct, matrix }: About, cuda: Dotted): CompatibilityFinding[] {
  const architecture = architectureOf(capability, matrix)
  if (architecture?.lastCuda == null || compareDotted(minorOf(cuda), architecture.lastCuda) <= 0) return []
  const last = showDotted(architecture.lastCuda)
  return [
    finding(
      'build-gpu',
      'arch-dropped',
      'incompatible',
      `${name} cannot run on ${gpu}: CUDA ${last} was the last for ${architecture.row.architecture}${ofProduct ? ` (compute capability ${architecture.row.capability})` : ''}.`,
      {
        required: `a build for CUDA ${last} or older`,
        found: `CUDA ${showDotted(cuda)}`,
        hint: `Take a build for CUDA ${last} or older.`,
        from: [architecture.row],
      },
    ),
  ]
}

function belowMinimum({ build, name, gpu, capability, ofProduct }: About, minimum: string): CompatibilityFinding {
  return finding(
    'build-gpu',
    'compute-capability',
    'incompatible',
    ofProduct
      ? `${name} needs a GPU of compute capability ${minimum} or higher; ${gpu} has ${showDotted(capability)}.`
      : `${name} needs a GPU of compute capability ${minimum} or higher; this one has ${showDotted(capability)}.`,
    {
      required: `compute capability ${minimum} or higher`,
      found: showDotted(capability),
      hint: 'Take an older release, or a partition with newer GPUs.',
      from: [build],
    },
  )
}

function listedKernels(about: About, sass: readonly string[], ptx: readonly string[]): CompatibilityFinding[] {
  const { build, name, capability, gpu, matrix } = about
  const cubin = best(sass, one => one[0] === capability[0] && compareDotted(one, capability) <= 0)
  const doubted = best(build.disputedSass, one => one[0] === capability[0] && compareDotted(one, capability) <= 0)
  const exactlyDoubted = doubted !== null && compareDotted(doubted, capability) === 0
  if (doubted !== null && (cubin === null || exactlyDoubted))
    return [
      finding(
        'build-gpu',
        'sources-disagree',
        'compatible-with-warning',
        `Sources differ on whether ${name} holds ${smName(doubted)}, which ${gpu} would run.`,
        {
          required: smName(doubted),
          found: shownList(sass, ptx),
          hint: 'Take the next patch release, or run a short test job first: torch.cuda.is_available says True either way.',
          from: [build],
        },
      ),
    ]
  if (cubin !== null)
    return [
      finding(
        'build-gpu',
        'cubin',
        'compatible',
        compareDotted(cubin, capability) === 0
          ? `${name} holds machine code for ${gpu}: ${smName(cubin)}.`
          : `${name} holds ${smName(cubin)}, which runs on ${withCapability(about)}.`,
        {
          required: `machine code for ${showDotted(capability)}`,
          found: smName(cubin),
          from: [build, ruleOf('cubin', matrix)],
        },
      ),
    ]
  const source = best(ptx, one => compareDotted(one, capability) <= 0)
  if (source !== null) return [jit(about, `compute_${source.join('')}`, [build])]
  return [
    finding(
      'build-gpu',
      'no-kernel-image',
      'incompatible',
      `${name} holds no machine code for ${withCapability(about)}, and no PTX to make it from: the first kernel fails with error 209.`,
      {
        required:
          (capability[1] ?? 0) === 0
            ? smName(capability)
            : `${smName([capability[0] ?? 0, 0])} to ${smName(capability)}`,
        found: shownList(sass, ptx),
        hint: `Take a build that lists compute capability ${capability[0]}.x.`,
        from: [build, ruleOf('no-kernel-image', matrix)],
      },
    ),
  ]
}

/** The list is not known: what the release asks for at least, and what its toolkit can know, is all there is to go by. */
function unlisted(about: About, cuda: Dotted): CompatibilityFinding[] {
  const { build, name, capability, gpu, matrix } = about
  const inferred: Evidence = { source: build.source, confidence: 'inferred' }
  const known = best(
    capabilitiesOf(cuda, matrix),
    one => one[0] === capability[0] && compareDotted(one, capability) <= 0,
  )
  if (known === null) return [jit(about, 'PTX of an older architecture', [inferred])]
  const least = build.minCapability === null ? '' : `, and the project asks for ${build.minCapability} or higher`
  return [
    finding(
      'build-gpu',
      'cubin',
      'compatible',
      `Which machine code ${name} holds was never listed; its CUDA knows ${smName(known)}, which runs on ${gpu}${least}.`,
      {
        required: build.minCapability === null ? smName(known) : `compute capability ${build.minCapability} or higher`,
        found: showDotted(capability),
        from: [inferred],
      },
    ),
  ]
}

function capabilitiesOf(cuda: Dotted, matrix: Matrix): readonly string[] {
  const rows = matrix.tables.toolkitArchitectures.filter(row => compareDotted(dotted(row.from), cuda) <= 0)
  return rows.at(-1)?.capabilities ?? []
}

/** Compiled by the driver when it is loaded: slow, and impossible for a driver older than the compiler of the PTX. */
function jit(
  { build, name, gpu, capability, way, matrix }: About,
  what: string,
  from: readonly Evidence[],
): CompatibilityFinding {
  if (way === 'minor-version')
    return finding(
      'build-gpu',
      'minor-version+ptx-jit',
      'incompatible',
      `${name} would have to be compiled for ${gpu} from ${what}, and the driver is older than the compiler that made it: that fails with error 222. Minor-version compatibility does not cover it.`,
      {
        required: `the driver of CUDA ${build.cuda} itself, or machine code for ${showDotted(capability)}`,
        found: what,
        hint: 'Take a build that holds machine code for this GPU, or one for an older CUDA.',
        from: [...from, ruleOf('ptx-version', matrix), ruleOf('ptx-jit', matrix)],
      },
    )
  if (way === 'native-or-minor-version')
    return finding(
      'build-gpu',
      'minor-version+ptx-jit',
      'unknown',
      `${name} would have to be compiled for ${gpu} from ${what}, and whether the driver is older than the compiler that made it, its branch alone does not tell.`,
      {
        required: `the driver of CUDA ${build.cuda} itself, or machine code for ${showDotted(capability)}`,
        found: what,
        hint: 'Give the whole version of the driver.',
        from: [...from, ruleOf('ptx-version', matrix)],
      },
    )
  const trouble =
    build.jitTrouble !== null && compareDotted(capability, dotted(build.jitTrouble.from)) >= 0
      ? ` On GPUs of this kind there are ${build.jitTrouble.text}.`
      : ''
  return finding(
    'build-gpu',
    'ptx-jit',
    'compatible-with-warning',
    `${name} holds no machine code for ${gpu}: the driver compiles ${what} at the first start, which can take 30 minutes and longer.${trouble}`,
    {
      required: `machine code for ${showDotted(capability)}`,
      found: what,
      hint: 'Keep the cache (CUDA_CACHE_PATH) between jobs, or take a newer release.',
      from: [...from, ruleOf('ptx-jit', matrix)],
    },
  )
}

function best(capabilities: readonly string[], fits: (one: Dotted) => boolean): Dotted | null {
  return capabilities
    .map(parseCapability)
    .filter(one => one !== null)
    .filter(fits)
    .reduce<Dotted | null>((a, b) => (a === null || compareDotted(b, a) > 0 ? b : a), null)
}

function shownList(sass: readonly string[], ptx: readonly string[]): string {
  const names = [...sass.map(one => `sm_${one.replace('.', '')}`), ...ptx.map(one => `compute_${one.replace('.', '')}`)]
  return names.length === 0 ? 'nothing' : listed(names, 'and')
}
