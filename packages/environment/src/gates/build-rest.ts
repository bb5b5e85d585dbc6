// Gate 4: the rest of the build: glibc, the processor, Node-API, and what the conda solver was told of the GPU.
// Python is in python-range.ts, CUDA from modules in cuda-runtime.ts, cuDNN in cudnn.ts.
import type { CompatibilityFinding, CompatibilityQuestion } from '@trotline/contracts'
import { type Build, buildName } from '../builds/build.ts'
import { exactText, solverCuda, type Wanted } from '../builds/wanted.ts'
import { finding } from '../findings.ts'
import type { Node } from '../gpus/node.ts'
import { listed } from '../listed.ts'
import { type Matrix, ruleOf } from '../matrix/matrix.ts'
import { compareDotted, dotted, minorOf, parseDotted, showDotted } from '../versions/dotted.ts'
import { newestCudaOf } from './driver-cuda.ts'
import { pythonRange } from './python-range.ts'

export function buildRest(
  build: Build,
  wanted: Wanted,
  node: Node,
  question: CompatibilityQuestion,
  matrix: Matrix,
): CompatibilityFinding[] {
  const name = buildName(build, exactText(wanted))
  return [
    finding(
      'build-rest',
      'build-published',
      'compatible',
      `${name} exists${build.channel === 'any' ? '' : ` in ${build.channel}`}.`,
      {
        found: build.tag ?? build.condaBuild ?? build.version,
        from: [build],
      },
    ),
    ...pythonRange(build, name, wanted),
    ...glibc(build, name, node),
    ...solverGlibc(build, name, question),
    ...cpuArch(build, name, node),
    ...nodeApi(build, name, wanted),
    ...solver(build, name, node, question, matrix),
  ].slice(build.channel === 'any' ? 1 : 0)
}

function glibc(build: Build, name: string, node: Node): CompatibilityFinding[] {
  if (build.glibc === null || node.glibc === null) return []
  const found = showDotted(node.glibc)
  if (compareDotted(node.glibc, dotted(build.glibc)) < 0)
    return [
      finding(
        'build-rest',
        'glibc',
        'incompatible',
        `${name} needs glibc ${build.glibc} or newer; this node has ${found}.`,
        {
          required: `${build.glibc} or newer`,
          found,
          hint: 'Take an older release, a build from conda-forge, or a partition with a newer system.',
          from: [build],
        },
      ),
    ]
  if (build.disputedGlibc !== null && compareDotted(node.glibc, dotted(build.disputedGlibc)) < 0)
    return [
      finding(
        'build-rest',
        'sources-disagree',
        'compatible-with-warning',
        `Sources differ on whether ${name} needs glibc ${build.glibc} or ${build.disputedGlibc}; this node has ${found}.`,
        {
          required: `${build.glibc} or ${build.disputedGlibc}`,
          found,
          hint: 'Run a short test job first.',
          from: [build],
        },
      ),
    ]
  return [
    finding(
      'build-rest',
      'glibc',
      'compatible',
      `${name} needs glibc ${build.glibc} or newer; this node has ${found}.`,
      {
        required: `${build.glibc} or newer`,
        found,
        from: [build],
      },
    ),
  ]
}

/** conda-forge's packages ask the solver for __glibc; what it is told may be another machine's. */
function solverGlibc(
  build: Build,
  name: string,
  { env, virtualPackages }: CompatibilityQuestion,
): CompatibilityFinding[] {
  const told = env?.CONDA_OVERRIDE_GLIBC ?? virtualPackages?.__glibc
  const version = told === undefined ? null : parseDotted(told)
  if (version === null || build.glibc === null || !build.channel.startsWith('conda:')) return []
  if (compareDotted(version, dotted(build.glibc)) >= 0) return []
  return [
    finding(
      'build-rest',
      'glibc',
      'incompatible',
      `The solver was told __glibc ${told} and does not take ${name}: it asks for ${build.glibc} or newer.`,
      {
        required: `__glibc of ${build.glibc} or newer`,
        found: `__glibc ${told}`,
        hint: 'Solve for the compute nodes: CONDA_OVERRIDE_GLIBC.',
        from: [build],
      },
    ),
  ]
}

function cpuArch(build: Build, name: string, node: Node): CompatibilityFinding[] {
  if (build.channel === 'any') return []
  const found = node.cpuArch
  if (found === null) return []
  const archs = build.cpuArchs ?? []
  const from = [build, node.gpu?.host === found ? node.gpu : null]
  const words = {
    required: archs.length === 0 ? 'x86_64, of which the tables speak' : listed(archs, 'or'),
    found,
    from,
  }
  if (archs.includes(found) || (archs.length === 0 && found === 'x86_64'))
    return [finding('build-rest', 'cpu-arch', 'compatible', `${name} is built for ${found}.`, words)]
  if (build.noOtherCpuArch)
    return [
      finding(
        'build-rest',
        'cpu-arch',
        'incompatible',
        `${name} is built for ${listed(archs, 'and')} only; this node is ${found}.`,
        { ...words, hint: 'Take a partition with such processors.' },
      ),
    ]
  return [
    finding(
      'build-rest',
      'cpu-arch',
      'unknown',
      `Whether ${name} exists for ${found}, and what it holds there, is not known.`,
      {
        ...words,
        hint: 'Take a partition with x86_64 processors, or run a short test job first.',
      },
    ),
  ]
}

function nodeApi(build: Build, name: string, { napi }: Wanted): CompatibilityFinding[] {
  if (napi === null || build.napi === null) return []
  // Node-API only grows: a runtime with version 9 loads what was built for 8.
  const lowest = Math.min(...build.napi)
  const words = { required: `Node-API ${lowest} or newer`, found: `Node-API ${napi}`, from: [build] }
  return [
    napi < lowest
      ? finding(
          'build-rest',
          'napi',
          'incompatible',
          `${name} is built for Node-API ${lowest} or newer; this runtime has ${napi}.`,
          {
            ...words,
            hint: 'Take a newer Node.js.',
          },
        )
      : finding(
          'build-rest',
          'napi',
          'compatible',
          `${name} has a binding for Node-API ${Math.max(...build.napi.filter(one => one <= napi))}.`,
          words,
        ),
  ]
}

/** What the solver is told of the GPU decides which build it takes; never whether that runs on the node. */
function solver(
  build: Build,
  name: string,
  node: Node,
  question: CompatibilityQuestion,
  matrix: Matrix,
): CompatibilityFinding[] {
  if (!build.channel.startsWith('conda:')) return []
  const told = solverCuda(question)
  if (told === null) return []
  const ceiling = parseDotted(told)
  const beyond = overridden(told, node, matrix)
  if (ceiling === null || !build.cudaGuard) return beyond
  if ((ceiling[0] ?? 0) < (build.cudaNumbers[0] ?? 0))
    return [
      finding(
        'build-rest',
        'cuda-guard',
        'incompatible',
        `The solver was told __cuda ${told} and does not take ${name}: it asks for ${build.cudaNumbers[0]} or newer.`,
        {
          required: `__cuda of ${build.cudaNumbers[0]} or newer`,
          found: `__cuda ${told}`,
          hint: `Take a build for CUDA ${ceiling[0]}.`,
          from: [ruleOf('cuda-guard', matrix)],
        },
      ),
    ]
  return [
    ...beyond,
    finding(
      'build-rest',
      'cuda-guard',
      'compatible',
      `The solver was told __cuda ${told}: only the major counts for it.`,
      {
        required: `__cuda of ${build.cudaNumbers[0]} or newer`,
        found: `__cuda ${told}`,
        from: [ruleOf('cuda-guard', matrix)],
      },
    ),
  ]
}

/** Told more than the driver has, the solver finds an environment, and the node does not run it. */
function overridden(told: string, { driver, driverText }: Node, matrix: Matrix): CompatibilityFinding[] {
  const ceiling = parseDotted(told)
  const own = driver === null ? null : newestCudaOf(driver, matrix)
  if (ceiling === null || own === null || compareDotted(minorOf(ceiling), dotted(own.newestCuda)) <= 0) return []
  return [
    finding(
      'build-rest',
      'cuda-override',
      'compatible',
      `The solver was told CUDA ${told}; driver ${driverText} supports ${own.newestCuda}. What it finds may not run here.`,
      {
        required: `__cuda ${own.newestCuda}`,
        found: `__cuda ${told}`,
        hint: `Solve with CONDA_OVERRIDE_CUDA=${own.newestCuda}.`,
        from: [ruleOf('cuda-guard', matrix), own],
      },
    ),
  ]
}
