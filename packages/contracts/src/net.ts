// A net as Keras describes one: layers in order, or a whole topology in Keras's own JSON. Names and defaults are Keras's, spelt as
// tfjs spells them. https://keras.io/api/layers, https://js.tensorflow.org/api/latest
import { z } from 'zod'

/** The engine `simd` computes these itself; every other one takes the engine `autograd`. */
export const ACTIVATIONS = [
  'linear',
  'relu',
  'tanh',
  'sigmoid',
  'softmax',
  'elu',
  'selu',
  'relu6',
  'softplus',
  'softsign',
  'hardSigmoid',
  'swish',
  'mish',
  'gelu',
] as const
export const Activation = z.enum(ACTIVATIONS)
export type Activation = z.infer<typeof Activation>

const PLAIN_INITIALIZERS = [
  'zeros',
  'ones',
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'leCunUniform',
  'leCunNormal',
] as const

/** With numbers of its own. Normal distributions of variance scaling are truncated at two standard deviations, as Keras has them. */
export const Initializer = z.union([
  z.enum(PLAIN_INITIALIZERS),
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant'), value: z.number() }),
    z.strictObject({ kind: z.literal('randomUniform'), minval: z.number(), maxval: z.number() }),
    z.strictObject({ kind: z.literal('randomNormal'), mean: z.number().default(0), stddev: z.number().min(0) }),
    z.strictObject({
      kind: z.literal('varianceScaling'),
      scale: z.number().gt(0).default(1),
      mode: z.enum(['fanIn', 'fanOut', 'fanAvg']).default('fanIn'),
      distribution: z.enum(['uniform', 'normal', 'truncatedNormal']).default('truncatedNormal'),
    }),
  ]),
])
export type Initializer = z.infer<typeof Initializer>

const LayerName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'is not a layer name')
const Size = z.int().min(1).max(65_536)
/** Height and width; one number stands for both, as in Keras. */
const Pair = z.union([Size, z.tuple([Size, Size])])
const Padding = z.enum(['valid', 'same'])

const named = { name: LayerName.optional() }
const weighted = {
  activation: Activation.default('linear'),
  useBias: z.boolean().default(true),
  kernelInitializer: Initializer.default('glorotUniform'),
  biasInitializer: Initializer.default('zeros'),
}
const pooling = { poolSize: Pair.default(2), strides: Pair.nullable().default(null), padding: Padding.default('valid') }

export const Dense = z.strictObject({ kind: z.literal('dense'), ...named, units: Size, ...weighted })
export const Conv2d = z.strictObject({
  kind: z.literal('conv2d'),
  ...named,
  filters: Size,
  kernelSize: Pair,
  strides: Pair.default(1),
  padding: Padding.default('valid'),
  ...weighted,
})
/** strides null: as wide as the pool. */
export const MaxPooling2d = z.strictObject({ kind: z.literal('maxPooling2d'), ...named, ...pooling })
export const AveragePooling2d = z.strictObject({ kind: z.literal('averagePooling2d'), ...named, ...pooling })
export const Flatten = z.strictObject({ kind: z.literal('flatten'), ...named })
export const Dropout = z.strictObject({ kind: z.literal('dropout'), ...named, rate: z.number().min(0).lt(1) })
export const ActivationLayer = z.strictObject({ kind: z.literal('activation'), ...named, activation: Activation })
export const BatchNormalization = z.strictObject({
  kind: z.literal('batchNormalization'),
  ...named,
  momentum: z.number().min(0).lt(1).default(0.99),
  epsilon: z.number().gt(0).default(1e-3),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
})
/** Any other layer, as tfjs writes it into its own JSON: `{ kind: "tfjs", className: "LayerNormalization", config: { … } }`. */
export const TfjsLayer = z.strictObject({
  kind: z.literal('tfjs'),
  ...named,
  className: z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/, 'is not the class name of a layer'),
  config: z.record(z.string(), z.unknown()).default({}),
})

export const Layer = z
  .discriminatedUnion('kind', [
    Dense,
    Conv2d,
    MaxPooling2d,
    AveragePooling2d,
    Flatten,
    Dropout,
    ActivationLayer,
    BatchNormalization,
    TfjsLayer,
  ])
  .meta({ id: 'Layer' })
export type Layer = z.infer<typeof Layer>

export const MAX_LAYERS = 1_000

/** What the data has the shape of is the input; the last layer's width must fit the loss. */
export const Net = z.union([
  z.strictObject({ layers: z.array(Layer).min(1).max(MAX_LAYERS) }),
  /** What Keras's `model.to_json()` or tfjs's `model.toJSON()` gives, or the `modelTopology` of a model.json. One input, one output. */
  z.strictObject({ topology: z.record(z.string(), z.unknown()) }),
])
export type Net = z.infer<typeof Net>
