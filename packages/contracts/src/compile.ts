// What Keras's compile() takes: optimizer with its learning rate, loss, metrics. Names and defaults are Keras's.
// https://keras.io/api/optimizers, https://keras.io/api/losses, https://keras.io/api/metrics
import { z } from 'zod'

const Rate = z.number().gt(0).max(1_000)
const Steps = z.int().min(1)

/** The learning rate of a step, counted from 0 over the whole training. https://keras.io/api/optimizers/learning_rate_schedules */
export const Schedule = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('exponentialDecay'),
    initialLearningRate: Rate,
    decaySteps: Steps,
    decayRate: z.number().gt(0),
    staircase: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('inverseTimeDecay'),
    initialLearningRate: Rate,
    decaySteps: Steps,
    decayRate: z.number().min(0),
    staircase: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('polynomialDecay'),
    initialLearningRate: Rate,
    decaySteps: Steps,
    endLearningRate: z.number().min(0).default(0.0001),
    power: z.number().gt(0).default(1),
    cycle: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('cosineDecay'),
    initialLearningRate: z.number().min(0).max(1_000),
    decaySteps: Steps,
    alpha: z.number().min(0).max(1).default(0),
    warmupTarget: Rate.nullable().default(null),
    warmupSteps: z.int().min(0).default(0),
  }),
  z
    .strictObject({
      kind: z.literal('piecewiseConstantDecay'),
      boundaries: z.array(z.int().min(0)).min(1).max(1_000),
      values: z.array(Rate).min(2).max(1_001),
    })
    .refine(
      ({ boundaries, values }) => values.length === boundaries.length + 1,
      'needs one value more than there are boundaries',
    ),
])
export type Schedule = z.infer<typeof Schedule>

const LearningRate = z.union([Rate, Schedule])
const Fraction = z.number().min(0).lt(1)
const epsilon = z.number().gt(0).default(1e-7)

/** `momentum` and `nesterov` are Keras's SGD with a momentum of 0.9; ε stands outside the root, as in the tutorial's Keras. */
export const Optimizer = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('sgd'),
      learningRate: LearningRate.default(0.01),
      momentum: Fraction.default(0),
      nesterov: z.boolean().default(false),
    }),
    z.strictObject({
      kind: z.literal('momentum'),
      learningRate: LearningRate.default(0.01),
      momentum: Fraction.default(0.9),
    }),
    z.strictObject({
      kind: z.literal('nesterov'),
      learningRate: LearningRate.default(0.01),
      momentum: Fraction.default(0.9),
    }),
    z.strictObject({
      kind: z.literal('rmsprop'),
      learningRate: LearningRate.default(0.001),
      rho: Fraction.default(0.9),
      epsilon,
    }),
    z.strictObject({
      kind: z.literal('adagrad'),
      learningRate: LearningRate.default(0.001),
      initialAccumulatorValue: z.number().min(0).default(0.1),
      epsilon,
    }),
    z.strictObject({
      kind: z.literal('adam'),
      learningRate: LearningRate.default(0.001),
      beta1: Fraction.default(0.9),
      beta2: Fraction.default(0.999),
      epsilon,
    }),
    z.strictObject({
      kind: z.literal('adamw'),
      learningRate: LearningRate.default(0.001),
      weightDecay: z.number().min(0).default(0.004),
      beta1: Fraction.default(0.9),
      beta2: Fraction.default(0.999),
      epsilon,
    }),
  ])
  .meta({ id: 'Optimizer' })
export type Optimizer = z.infer<typeof Optimizer>

export const LOSSES = [
  'meanSquaredError',
  'meanAbsoluteError',
  'huber',
  'binaryCrossentropy',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
] as const
export type Loss = (typeof LOSSES)[number]

export const METRICS = [
  'meanSquaredError',
  'meanAbsoluteError',
  'rootMeanSquaredError',
  'meanAbsolutePercentageError',
  'accuracy',
  'topKAccuracy',
] as const
export type Metric = (typeof METRICS)[number]

/** Keras's other spellings of the same. */
const LOSS_ALIASES = {
  mse: 'meanSquaredError',
  mean_squared_error: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  mean_absolute_error: 'meanAbsoluteError',
  binary_crossentropy: 'binaryCrossentropy',
  categorical_crossentropy: 'categoricalCrossentropy',
  sparse_categorical_crossentropy: 'sparseCategoricalCrossentropy',
} as const satisfies Record<string, Loss>
const METRIC_ALIASES = {
  mse: 'meanSquaredError',
  mean_squared_error: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  mean_absolute_error: 'meanAbsoluteError',
  rmse: 'rootMeanSquaredError',
  root_mean_squared_error: 'rootMeanSquaredError',
  mape: 'meanAbsolutePercentageError',
  mean_absolute_percentage_error: 'meanAbsolutePercentageError',
  acc: 'accuracy',
  top_k_accuracy: 'topKAccuracy',
} as const satisfies Record<string, Metric>

export const LossName = z.enum([...LOSSES, ...(Object.keys(LOSS_ALIASES) as (keyof typeof LOSS_ALIASES)[])])
export type LossName = z.infer<typeof LossName>
export const MetricName = z.enum([...METRICS, ...(Object.keys(METRIC_ALIASES) as (keyof typeof METRIC_ALIASES)[])])
export type MetricName = z.infer<typeof MetricName>

export const lossOf = (name: LossName): Loss => (name in LOSS_ALIASES ? LOSS_ALIASES[name as 'mse'] : (name as Loss))
/** `accuracy` is the kind that fits the loss, as in Keras; `topKAccuracy` is that of the five highest. */
export const metricOf = (name: MetricName): Metric =>
  name in METRIC_ALIASES ? METRIC_ALIASES[name as 'mse'] : (name as Metric)

/** How a metric is called in an epoch's values, with `val_` and `test_` before it for the other parts. */
export const METRIC_KEYS: Readonly<Record<Metric, string>> = {
  meanSquaredError: 'mse',
  meanAbsoluteError: 'mae',
  rootMeanSquaredError: 'rmse',
  meanAbsolutePercentageError: 'mape',
  accuracy: 'accuracy',
  topKAccuracy: 'top_5_accuracy',
}
