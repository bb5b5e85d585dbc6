// Layers that the tensor library knows and that this trainer does not train, because the result could not be had a second time
// or because a gradient is missing. Said before anything is built.
import { TrainerError } from '../../errors.ts'
import { type KerasObject, objectsIn } from './keras-json.ts'

/** They draw from Math.random in every step. */
const RANDOM: readonly string[] = [
  'GaussianNoise',
  'GaussianDropout',
  'AlphaDropout',
  'SpatialDropout1D',
  'RandomHeight',
  'RandomWidth',
  'BaseRandomLayer',
]

/** @throws TrainerError TRAIN_BAD_MODEL naming the first of them */
export function refuseLayers(model: KerasObject): void {
  for (const object of objectsIn(model)) {
    const why = refusal(object)
    if (why === null) continue
    const name = typeof object.config.name === 'string' ? ` (${object.config.name})` : ''
    throw new TrainerError('TRAIN_BAD_MODEL', `The layer ${object.className}${name} ${why}.`, {
      details: { className: object.className },
    })
  }
}

function refusal({ className, config }: KerasObject): string | null {
  if (RANDOM.includes(className)) return 'draws random numbers that could not be drawn again after a resume'
  for (const key of ['dropout', 'recurrentDropout'])
    if (typeof config[key] === 'number' && config[key] > 0)
      return 'has dropout of its own, whose masks could not be drawn again after a resume: put a Dropout layer beside it'
  if (className === 'Dropout' && config.noiseShape !== undefined && config.noiseShape !== null)
    return 'has a noise shape, which this trainer does not know'
  if (config.activityRegularizer !== undefined && config.activityRegularizer !== null)
    return 'has an activity regularizer, which the tensor library leaves out of the loss'
  if (config.stateful === true) return 'carries its state from batch to batch, which no checkpoint keeps'
  if ([config.dilationRate].flat().some(rate => typeof rate === 'number' && rate !== 1))
    return 'is dilated, and the tensor library has no gradient of that'
  if (className === 'AveragePooling3D' && config.padding === 'same')
    return 'has padding, and the tensor library has its gradient wrong at the edges'
  return null
}
