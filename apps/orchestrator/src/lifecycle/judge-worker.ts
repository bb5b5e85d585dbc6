// A preset or model that is to train on a GPU: the worker does so by TensorFlow's library for Node.js, whatever the net is.
import { type CompatibilityQuestion, type CompatibilityReport, gpuSoftware } from '@trotline/contracts'
import type { ClusterSettings } from '../config.ts'
import type { Compatibility } from './compatibility.ts'
import type { Place } from './judge-place.ts'
import { napiOf } from './node-api.ts'

function workerQuestion({ hardware, facts }: Place, { compatibility }: ClusterSettings): CompatibilityQuestion {
  const napi = facts?.node == null ? null : napiOf(facts.node.value)
  return { ...gpuSoftware(compatibility.libtensorflow), ...(napi === null ? {} : { napi }), ...hardware }
}

export const judgeWorker = (place: Place, cluster: ClusterSettings, { judge }: Compatibility): CompatibilityReport =>
  judge(workerQuestion(place, cluster))
