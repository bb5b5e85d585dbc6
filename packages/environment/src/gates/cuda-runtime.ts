// Still gate 4: CUDA itself, where it comes from a module of the cluster and not with the build. cuDNN is in cudnn.ts.
import type { CompatibilityFinding } from '@trotline/contracts'
import { type Build, buildName } from '../builds/build.ts'
import { exactText, type Wanted } from '../builds/wanted.ts'
import { type Evidence, finding } from '../findings.ts'
import type { Node } from '../gpus/node.ts'
import { type Matrix, ruleOf } from '../matrix/matrix.ts'
import { compareDotted, type Dotted, dotted, sameMinor, showDotted, within } from '../versions/dotted.ts'

/** The CUDA that the driver has to run: that of the module where there is one, else what the build brings. */
export function cudaAtRunTime(build: Build, wanted: Wanted): Dotted {
  if (wanted.cuda === null || !usesModule(build, wanted)) return ownCuda(build, wanted)
  return wanted.cuda
}

/** tfjs-node-gpu brings no CUDA of its own, JAX takes any of its major: what is named, is what lies there. */
const usesModule = (build: Build, wanted: Wanted): boolean =>
  build.framework === 'tfjs-node-gpu' ||
  build.cudaAtRunTime !== null ||
  (wanted.fromModule && (!build.bundled || build.channel === 'pip') && build.framework !== 'pytorch')

function ownCuda(build: Build, wanted: Wanted): Dotted {
  const asked = wanted.cuda
  if (asked === null || wanted.fromModule) return build.cudaNumbers
  if (build.cudaAtRunTime !== null) return asked
  return sameMinor(asked, build.cudaNumbers) && asked.length > build.cudaNumbers.length ? asked : build.cudaNumbers
}

/** Is what the build finds what it was linked to? Empty where it brings its own. */
export function cudaRuntime(build: Build, wanted: Wanted, node: Node, matrix: Matrix): CompatibilityFinding[] {
  const name = buildName(build, exactText(wanted))
  const loaded = wanted.cuda
  if (loaded === null) return []
  if (!usesModule(build, wanted))
    return wanted.fromModule && build.channel !== 'any'
      ? [
          finding(
            'build-rest',
            'libraries-bundled',
            'compatible',
            `${name} brings its own CUDA ${build.cuda}; the loaded module is not used.`,
            {
              found: `CUDA ${showDotted(loaded)}`,
              from: [build],
            },
          ),
        ]
      : []
  const need = build.cudaAtRunTime
  const fits =
    need !== null
      ? within(loaded, need.from, need.to)
      : (build.cudaNumbers[0] ?? 0) < 11
        ? sameMinor(loaded, build.cudaNumbers)
        : loaded[0] === build.cudaNumbers[0]
  const from: (Evidence | null)[] = [build, ruleOf('runtime-mismatch', matrix)]
  const wants = need === null ? build.cuda : `${showDotted(need.from)} or a later ${need.from[0]}.x`
  const words = { required: `CUDA ${wants}`, found: `CUDA ${showDotted(loaded)}` }
  if (!fits) {
    const readme =
      build.readmeCuda !== null && sameMinor(dotted(build.readmeCuda), loaded)
        ? ` Its README says ${build.readmeCuda}, and is wrong.`
        : ''
    return [
      finding(
        'build-rest',
        'runtime-mismatch',
        'incompatible',
        `${name} is linked to CUDA ${wants}; CUDA ${showDotted(loaded)} is what it would find.${readme}`,
        {
          ...words,
          hint: `Load CUDA ${build.cuda} instead, where the driver (${node.driverText ?? 'not known'}) runs it.`,
          from,
        },
      ),
    ]
  }
  if (need === null && compareDotted(loaded, build.cudaNumbers) < 0 && !sameMinor(loaded, build.cudaNumbers))
    return [
      finding(
        'build-rest',
        'runtime-mismatch',
        'compatible-with-warning',
        `${name} was built with CUDA ${build.cuda}; CUDA ${showDotted(loaded)} is older, of the same major.`,
        {
          ...words,
          hint: `Load CUDA ${build.cuda}, if the cluster has it.`,
          from: [{ source: build.source, confidence: 'inferred' }],
        },
      ),
    ]
  return [
    finding('build-rest', 'runtime-match', 'compatible', `${name} finds the CUDA that it is linked to.`, {
      ...words,
      from,
    }),
  ]
}
