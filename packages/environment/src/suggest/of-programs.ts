// What a program without a framework could do: be built with another CUDA toolkit, or for another GPU too.
import type { CompatibilityQuestion, Software, SuggestedChange } from '@trotline/contracts'
import { understandNode } from '../gpus/node.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { compareDotted, type Dotted, sameMinor, showDotted } from '../versions/dotted.ts'
import type { Candidate, ChangeKind } from './candidate.ts'
import { onNode } from './on-node.ts'

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
  const candidates: Candidate[] = []
  for (const [i, toolkit] of toolkits.entries())
    for (const kernels of kernelSets) {
      const kinds = new Set<ChangeKind>()
      const changes: SuggestedChange[] = []
      const same = cuda !== null && sameMinor(cuda, toolkit)
      const version = showDotted(same ? cuda : toolkit)
      if (!same) {
        kinds.add('cuda')
        changes.push({ field: 'cuda', from: cuda === null ? null : showDotted(cuda), to: version })
      }
      if (kernels !== ownKernels && kernels !== undefined && capability !== null) {
        kinds.add('kernels')
        changes.push({
          field: 'kernels.sass',
          from: ownKernels?.sass.join(', ') || null,
          to: kernels.sass.join(', '),
        })
      }
      const software: Software = {
        framework,
        ...(framework === 'cuda-runtime' ? { frameworkVersion: version } : {}),
        cuda: version,
        ...(kernels === undefined ? {} : { kernels }),
        ...(question.cudnn === undefined ? {} : { cudnn: question.cudnn }),
      }
      const steps = Math.abs(i - (at === -1 ? toolkits.length : at)) / 100
      candidates.push({
        software,
        build: null,
        question: onNode(software, question, matrix).question,
        partition: null,
        kinds,
        changes,
        steps,
      })
    }
  return candidates
}
