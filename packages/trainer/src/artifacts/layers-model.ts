// The trained net in the format that `tf.loadLayersModel` opens: a topology in Keras's words, and all weights in one file.
// tfjs-core/src/io/types.ts, ModelJSON.
import { ARTIFACTS } from '@trotline/contracts'
import type { EngineNet } from '../engine/engine.ts'
import { bytesOf } from '../state.ts'
import { jsonArtifact, type NewArtifact } from './artifact.ts'

export function layersModel({
  topology,
  weights,
  shapes,
}: Pick<EngineNet, 'topology' | 'weights' | 'shapes'>): NewArtifact[] {
  const names = Object.keys(weights)
  const manifest = {
    paths: [ARTIFACTS.weights],
    weights: names.map(name => ({ name, shape: shapes[name], dtype: 'float32' })),
  }
  return [
    jsonArtifact(ARTIFACTS.model, {
      format: 'layers-model',
      generatedBy: 'Trotline',
      convertedBy: null,
      modelTopology: topology,
      weightsManifest: [manifest],
    }),
    { name: ARTIFACTS.weights, bytes: Buffer.concat(Object.values(weights).map(bytesOf)) },
  ]
}
