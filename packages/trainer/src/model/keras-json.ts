// A planned net in Keras's own JSON, as model.to_json() writes it and tfjs's loadLayersModel and modelFromJSON read it.
// Without initializers: whoever opens it brings the weights.
import type { Activation } from '@trotline/contracts'
import { KERAS_CLASSES } from './layer-summary.ts'
import type { LayerPlan, NetPlan } from './plan.ts'

/** A Sequential model, its final activation included. */
export function kerasJson({ inputShape, layers }: NetPlan): Record<string, unknown> {
  return {
    class_name: 'Sequential',
    config: {
      name: 'sequential',
      layers: layers.map((layer, i) => ({
        class_name: KERAS_CLASSES[layer.kind],
        config: {
          name: layer.name,
          trainable: true,
          dtype: 'float32',
          ...(i === 0 ? { batch_input_shape: [null, ...inputShape] } : {}),
          ...configOf(layer),
        },
      })),
    },
    keras_version: '2.15.0',
    backend: 'tensorflow',
  }
}

function configOf(layer: LayerPlan): Record<string, unknown> {
  switch (layer.kind) {
    case 'dense':
      return { units: layer.units, activation: activationName(layer.activation), use_bias: layer.useBias }
    case 'conv2d':
      return {
        filters: layer.filters,
        kernel_size: layer.window.size,
        strides: layer.window.strides,
        padding: paddingOf(layer.window),
        data_format: 'channels_last',
        dilation_rate: [1, 1],
        activation: activationName(layer.activation),
        use_bias: layer.useBias,
      }
    case 'maxPooling2d':
    case 'averagePooling2d':
      return {
        pool_size: layer.window.size,
        strides: layer.window.strides,
        padding: paddingOf(layer.window),
        data_format: 'channels_last',
      }
    case 'flatten':
      return { data_format: 'channels_last' }
    case 'dropout':
      return { rate: layer.rate, noise_shape: null, seed: null }
    case 'activation':
      return { activation: activationName(layer.activation) }
    case 'batchNormalization':
      return { axis: -1, momentum: layer.momentum, epsilon: layer.epsilon, center: layer.center, scale: layer.scale }
  }
}

const activationName = (activation: Activation): string => (activation === 'hardSigmoid' ? 'hard_sigmoid' : activation)

/** Where "same" adds no zeros it is "valid": both windows then stop at the same places. */
const paddingOf = ({ edges }: Extract<LayerPlan, { kind: 'conv2d' }>['window']): 'same' | 'valid' =>
  edges.top + edges.bottom + edges.left + edges.right > 0 ? 'same' : 'valid'
