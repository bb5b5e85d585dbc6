// Keras's initializers, drawn from our generator: the same seed gives every engine the same start.
// https://keras.io/api/layers/initializers
import type { Initializer } from '@trotline/contracts'
import type { RandomState } from '../random/random-state.ts'
import type { NamedNumbers } from '../state.ts'
import { type ParameterPlan, sizeOf } from './plan.ts'

/** Of all parameters in their order, each row-major. */
export function initialWeights(parameters: readonly ParameterPlan[], random: RandomState): NamedNumbers {
  return Object.fromEntries(parameters.map(parameter => [parameter.name, initial(parameter, random)]))
}

function initial({ initializer, shape, fanIn, fanOut }: ParameterPlan, random: RandomState): Float32Array {
  const size = sizeOf(shape)
  const fans = { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 }
  const scaled = ({ scale, mode, distribution }: Scaling): Float32Array => {
    const variance = scale / Math.max(1, fans[mode])
    if (distribution === 'uniform') return uniform(random, size, -Math.sqrt(3 * variance), Math.sqrt(3 * variance))
    // What is cut off makes the spread smaller by this factor: the standard deviation of a normal within two of its own.
    if (distribution === 'truncatedNormal')
      return truncated(random, size, Math.sqrt(variance) / 0.879_625_661_034_239_78)
    return Float32Array.from(random.randn(size), value => value * Math.sqrt(variance))
  }
  const { kind, ...numbers } = typeof initializer === 'string' ? { kind: initializer } : initializer
  if (kind in SCALINGS) return scaled(SCALINGS[kind as keyof typeof SCALINGS])
  const its = numbers as Record<string, number>
  switch (kind) {
    case 'ones':
      return new Float32Array(size).fill(1)
    case 'constant':
      return new Float32Array(size).fill(its.value as number)
    case 'randomUniform':
      return uniform(random, size, its.minval as number, its.maxval as number)
    case 'randomNormal':
      return Float32Array.from(random.randn(size), value => (its.mean as number) + value * (its.stddev as number))
    case 'varianceScaling':
      return scaled(numbers as unknown as Scaling)
    default:
      return new Float32Array(size)
  }
}

type Scaling = Omit<Extract<Initializer, { kind: 'varianceScaling' }>, 'kind'>

/** Glorot and Bengio 2010; He et al. 2015; LeCun et al. 1998. */
const SCALINGS = {
  glorotUniform: { scale: 1, mode: 'fanAvg', distribution: 'uniform' },
  glorotNormal: { scale: 1, mode: 'fanAvg', distribution: 'truncatedNormal' },
  heUniform: { scale: 2, mode: 'fanIn', distribution: 'uniform' },
  heNormal: { scale: 2, mode: 'fanIn', distribution: 'truncatedNormal' },
  leCunUniform: { scale: 1, mode: 'fanIn', distribution: 'uniform' },
  leCunNormal: { scale: 1, mode: 'fanIn', distribution: 'truncatedNormal' },
} as const satisfies Partial<Record<Extract<Initializer, string>, Scaling>>

const uniform = (random: RandomState, size: number, low: number, high: number): Float32Array =>
  Float32Array.from(random.rand(size), value => low + value * (high - low))

/** Those further than two standard deviations from 0 are drawn again. */
function truncated(random: RandomState, size: number, stddev: number): Float32Array {
  const drawn = new Float32Array(size)
  for (let i = 0; i < size; ) {
    const [value] = random.randn(1) as unknown as [number]
    if (Math.abs(value) < 2) drawn[i++] = value * stddev
  }
  return drawn
}
