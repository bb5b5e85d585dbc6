// Keras's optimizers as operations of the tensor library: weights and moments stay where the backend has them, on a GPU too.
// Formulas: https://keras.io/api/optimizers. Moments go by the weight's name: `dense/kernel/rms`.
import * as tf from '@tensorflow/tfjs-core'
import type { Optimizer } from '@trotline/contracts'

export interface Parameter {
  name: string
  shape: number[]
  read(): tf.Tensor
  write(value: tf.Tensor): void
}

export interface Stepper {
  /** What the optimizer remembers of the weights, on the backend. */
  readonly moments: ReadonlyMap<string, tf.Variable>
  /** What it remembers beside them, and where it is changed in place: the products of all β1 and of all β2 of adam. */
  readonly scalars: Readonly<Record<string, Float64Array>>
  /** One step for all parameters. A gradient that is missing counts as no change. */
  step(gradients: ReadonlyMap<string, tf.Tensor>, learningRate: number): void
  dispose(): void
}

export function createStepper(optimizer: Optimizer, parameters: readonly Parameter[]): Stepper {
  const moments = new Map<string, tf.Variable>()
  const moment = ({ name, shape }: Parameter, which: string, start = 0): tf.Variable => {
    const variable = tf.tidy(() => tf.variable(tf.fill(shape, start)))
    moments.set(`${name}/${which}`, variable)
    return variable
  }
  const { scalars, begin, rules } = rulesOf(optimizer, parameters, moment)
  return {
    moments,
    scalars,
    step(gradients, learningRate) {
      begin()
      tf.tidy(() => {
        parameters.forEach((parameter, i) => {
          const gradient = gradients.get(parameter.name)
          if (gradient !== undefined) rules[i]?.(gradient, learningRate)
        })
      })
    },
    dispose: () => tf.dispose([...moments.values()]),
  }
}

type Rule = (gradient: tf.Tensor, learningRate: number) => void
interface Rules {
  scalars: Record<string, Float64Array>
  /** Once before the rules of a step. */
  begin(): void
  /** One for every parameter, in their order. */
  rules: Rule[]
}
type Moment = (parameter: Parameter, which: string, start?: number) => tf.Variable

function rulesOf(optimizer: Optimizer, parameters: readonly Parameter[], moment: Moment): Rules {
  const plain = (rule: (parameter: Parameter) => Rule): Rules => ({
    scalars: {},
    begin() {},
    rules: parameters.map(rule),
  })
  switch (optimizer.kind) {
    case 'sgd':
      return optimizer.momentum === 0
        ? plain(parameter => (g, rate) => minus(parameter, tf.mul(g, rate)))
        : plain(momentumRule(moment, optimizer.momentum, optimizer.nesterov))
    case 'momentum':
      return plain(momentumRule(moment, optimizer.momentum, false))
    case 'nesterov':
      return plain(momentumRule(moment, optimizer.momentum, true))
    case 'rmsprop':
      return plain(rmspropRule(moment, optimizer))
    case 'adagrad':
      return plain(adagradRule(moment, optimizer))
    case 'adam':
      return adamRules(moment, parameters, optimizer, 0)
    case 'adamw':
      return adamRules(moment, parameters, optimizer, optimizer.weightDecay)
  }
}

const minus = (parameter: Parameter, step: tf.Tensor): void => parameter.write(tf.sub(parameter.read(), step))

/** v ← μ·v − η·g; w ← w + v, or with Nesterov's look ahead w + μ·v − η·g. */
function momentumRule(moment: Moment, momentum: number, nesterov: boolean) {
  return (parameter: Parameter): Rule => {
    const velocity = moment(parameter, 'momentum')
    return (g, rate) => {
      const step = tf.mul(g, rate)
      velocity.assign(tf.sub(tf.mul(velocity, momentum), step))
      const change = nesterov ? tf.sub(tf.mul(velocity, momentum), step) : velocity
      parameter.write(tf.add(parameter.read(), change))
    }
  }
}

/** v ← ρ·v + (1 − ρ)·g²; w ← w − η·g / (√v + ε). ε outside the root, as the tutorial's Keras and PyTorch have it. */
function rmspropRule(moment: Moment, { rho, epsilon }: { rho: number; epsilon: number }) {
  return (parameter: Parameter): Rule => {
    const meanSquare = moment(parameter, 'rms')
    return (g, rate) => {
      meanSquare.assign(tf.add(tf.mul(meanSquare, rho), tf.mul(tf.square(g), 1 - rho)))
      minus(parameter, tf.div(tf.mul(g, rate), tf.add(tf.sqrt(meanSquare), epsilon)))
    }
  }
}

/** a ← a + g²; w ← w − η·g / (√a + ε). Duchi and others 2011. */
function adagradRule(
  moment: Moment,
  { initialAccumulatorValue, epsilon }: { initialAccumulatorValue: number; epsilon: number },
) {
  return (parameter: Parameter): Rule => {
    const accumulator = moment(parameter, 'accumulator', initialAccumulatorValue)
    return (g, rate) => {
      accumulator.assign(tf.add(accumulator, tf.square(g)))
      minus(parameter, tf.div(tf.mul(g, rate), tf.add(tf.sqrt(accumulator), epsilon)))
    }
  }
}

/**
 * m ← β1·m + (1 − β1)·g; v ← β2·v + (1 − β2)·g²; w ← w − α·m / (√v + ε) with α = η·√(1 − β2ᵗ) / (1 − β1ᵗ).
 * Kingma and Ba 2015 in Keras's form. With weight decay first w ← w − η·λ·w. Loshchilov and Hutter 2019.
 */
function adamRules(
  moment: Moment,
  parameters: readonly Parameter[],
  { beta1, beta2, epsilon }: { beta1: number; beta2: number; epsilon: number },
  weightDecay: number,
): Rules {
  const powers = Float64Array.of(1, 1)
  const rules = parameters.map((parameter): Rule => {
    const mean = moment(parameter, 'm')
    const meanSquare = moment(parameter, 'v')
    return (g, rate) => {
      const [power1, power2] = powers as unknown as [number, number]
      const alpha = (rate * Math.sqrt(1 - power2)) / (1 - power1)
      mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(g, 1 - beta1)))
      meanSquare.assign(tf.add(tf.mul(meanSquare, beta2), tf.mul(tf.square(g), 1 - beta2)))
      if (weightDecay > 0) minus(parameter, tf.mul(parameter.read(), rate * weightDecay))
      minus(parameter, tf.div(tf.mul(mean, alpha), tf.add(tf.sqrt(meanSquare), epsilon)))
    }
  })
  return {
    scalars: { beta_powers: powers },
    // Running products, not powers of a count: what is saved is what the next step multiplies.
    begin() {
      powers[0] = (powers[0] as number) * beta1
      powers[1] = (powers[1] as number) * beta2
    },
    rules,
  }
}
