// A preset or model that is to train on a GPU: the worker does so by TensorFlow's library for Node.js, whatever the net is.
import { type CompatibilityQuestion, type CompatibilityReport, GPU_LIBRARY } from '@trotline/contracts'
import type { Compatibility } from './compatibility.ts'
import type { Place } from './judge-place.ts'
import { napiOf } from './node-api.ts'

export function workerQuestion({ hardware, facts }: Place): CompatibilityQuestion {
  const napi = facts?.node == null ? null : napiOf(facts.node.value)
  return { ...GPU_LIBRARY, ...(napi === null ? {} : { napi }), ...hardware }
}

export const judgeWorker = (place: Place, { judge }: Compatibility): CompatibilityReport => judge(workerQuestion(place))
