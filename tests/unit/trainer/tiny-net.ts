// A net of one or two dense layers in plain loops, with an optimizer that has a memory and dropout that draws from the generator:
// what the loop above engines can be tested with, without an engine of the trainer's.
import type { EngineNet } from '../../../packages/trainer/src/engine/engine.ts'
import type { RandomState } from '../../../packages/trainer/src/random/random-state.ts'

export interface TinyOptions {
  inputs: number
  hidden: number
  outputs: number
  random: RandomState
  /** Part of the hidden values that each step leaves out. */
  dropout?: number
}

/** tanh in the hidden layer, SGD with a momentum of 0.9. All sums in float64, rounded once to the float32 of the weights. */
export function tinyNet({
  inputs,
  hidden,
  outputs,
  random,
  dropout = 0,
}: TinyOptions): EngineNet & { disposed: boolean } {
  const shapes = {
    'dense/kernel': [inputs, hidden],
    'dense/bias': [hidden],
    'dense_1/kernel': [hidden, outputs],
    'dense_1/bias': [outputs],
  }
  const size = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1)
  const start = (name: string, shape: readonly number[]): Float32Array =>
    name.endsWith('kernel') ? Float32Array.from(random.randn(size(shape)), x => 0.5 * x) : new Float32Array(size(shape))
  const weights = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, start(name, shape)]))
  const moments = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [`${name}/momentum`, new Float32Array(size(shape))]),
  )
  const at = (values: ArrayLike<number> | undefined, i: number): number => values?.[i] as number

  function layer(x: ArrayLike<number>, rows: number, from: number, to: number, name: string): Float64Array {
    const y = new Float64Array(rows * to)
    for (let row = 0; row < rows; row++)
      for (let j = 0; j < to; j++) {
        let sum = at(weights[`${name}/bias`], j)
        for (let i = 0; i < from; i++) sum += at(x, row * from + i) * at(weights[`${name}/kernel`], i * to + j)
        y[row * to + j] = sum
      }
    return y
  }

  return {
    weights,
    moments,
    shapes,
    outputs,
    summary: [
      { name: 'dense', type: 'Dense', outputShape: [hidden], params: (inputs + 1) * hidden },
      { name: 'dense_1', type: 'Dense', outputShape: [outputs], params: (hidden + 1) * outputs },
    ],
    topology: {
      class_name: 'Sequential',
      config: {
        name: 'sequential',
        layers: [
          {
            class_name: 'Dense',
            config: {
              name: 'dense',
              units: hidden,
              activation: 'tanh',
              use_bias: true,
              batch_input_shape: [null, inputs],
            },
          },
          { class_name: 'Dense', config: { name: 'dense_1', units: outputs, activation: 'linear', use_bias: true } },
        ],
      },
    },
    disposed: false,
    step(features, rows, head, learningRate) {
      const mask = Float64Array.from(random.rand(rows * hidden), x => (x < dropout ? 0 : 1 / (1 - dropout)))
      const middle = layer(features, rows, inputs, hidden, 'dense').map(Math.tanh)
      const dropped = middle.map((value, i) => value * at(mask, i))
      const gradient = new Float32Array(rows * outputs)
      head(Float32Array.from(layer(dropped, rows, hidden, outputs, 'dense_1')), gradient)
      const slopes = Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [name, new Float64Array(size(shape))]),
      )
      const add = (name: string, i: number, value: number): void => {
        const of = slopes[name] as Float64Array
        of[i] = at(of, i) + value
      }
      for (let row = 0; row < rows; row++)
        for (let j = 0; j < hidden; j++) {
          let back = 0
          for (let k = 0; k < outputs; k++) {
            const g = at(gradient, row * outputs + k)
            add('dense_1/kernel', j * outputs + k, g * at(dropped, row * hidden + j))
            if (j === 0) add('dense_1/bias', k, g)
            back += g * at(weights['dense_1/kernel'], j * outputs + k)
          }
          back *= at(mask, row * hidden + j) * (1 - at(middle, row * hidden + j) ** 2)
          add('dense/bias', j, back)
          for (let i = 0; i < inputs; i++) add('dense/kernel', i * hidden + j, back * at(features, row * inputs + i))
        }
      for (const [name, slope] of Object.entries(slopes))
        for (let i = 0; i < slope.length; i++) {
          const velocity = 0.9 * at(moments[`${name}/momentum`], i) - learningRate * at(slope, i)
          ;(moments[`${name}/momentum`] as Float32Array)[i] = velocity
          ;(weights[name] as Float32Array)[i] = at(weights[name], i) + at(moments[`${name}/momentum`], i)
        }
    },
    predict: (features, rows) =>
      Float32Array.from(
        layer(layer(features, rows, inputs, hidden, 'dense').map(Math.tanh), rows, hidden, outputs, 'dense_1'),
      ),
    penalty: () => 0,
    stateChanged() {},
    dispose() {
      this.disposed = true
    },
  }
}
