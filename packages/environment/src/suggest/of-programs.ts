// What a program without a framework could do: be built with another CUDA toolkit, or for another GPU too.
import type { CompatibilityQuestion } from '@trotline/contracts'
import { understandNode } from '../gpus/node.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { compareDotted, type Dotted, sameMinor, showDotted } from '../versions/dotted.ts'
import { type Candidate, type ChangeKind, changesBetween } from './candidate.ts'
import { envFor } from './on-node.ts'

export function candidatesOfPrograms(
  framework: 'cuda-runtime' | 'custom-cuda',
  cuda: Dotted | null,
  question: CompatibilityQuestion,
  matrix: Matrix,
): Candidate[] {
  const toolkits = [...matrix.toolkits.values()].map(releases => releases.at(-1)?.cuda ?? []).sort(compareDotted)
  const at = cuda === null ? toolkits.length : toolkits.findIndex(one => compareDotted(one, cuda) >= 0)
  const capability = understandNode(question, matrix).node.capability
  const ownKernels = question.kernels
  const kernelSets =
    framework === 'cuda-runtime' || ownKernels === undefined || capability === null
      ? [ownKernels]
      : [ownKernels, { ...ownKernels, sass: [...ownKernels.sass, showDotted(capability)] }]
  const env = envFor(question, matrix)
  const { forwardCompatPackage, env: _env, ...kept } = question
  return toolkits.flatMap((toolkit, i) =>
    kernelSets.map((kernels): Candidate => {
      const kinds = new Set<ChangeKind>()
      const same = cuda !== null && sameMinor(cuda, toolkit)
      if (!same) kinds.add('cuda')
      if (kernels !== ownKernels) kinds.add('kernels')
      const version = showDotted(same ? cuda : toolkit)
      const target: CompatibilityQuestion = {
        ...kept,
        framework,
        ...(question.frameworkVersion === undefined || framework === 'custom-cuda'
          ? {}
          : { frameworkVersion: version }),
        cuda: version,
        ...(kernels === undefined ? {} : { kernels }),
        ...(env === undefined ? {} : { env }),
      }
      const changes = changesBetween(question, target)
      if (kinds.size === 0 && changes.length > 0) kinds.add('build')
      const steps = Math.abs(i - (at === -1 ? toolkits.length : at)) / 100
      return { build: null, question: target, partition: null, kinds, changes, steps }
    }),
  )
}
