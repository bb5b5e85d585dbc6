// What Keras's compile() settles: loss and metrics are fitted to what the net gives and what the data has, or refused in a sentence.
import { type Activation, type Loss, lossOf, type Metric, type ModelTraining, metricOf } from '@trotline/contracts'
import type { Dataset } from '../data/dataset.ts'
import { TrainerError } from '../errors.ts'
import type { LossKind } from './losses.ts'
import type { Answers } from './metrics.ts'

export interface Compiled {
  /** Numbers that the net gives for one row. */
  width: number
  /** Applied to them before the loss; `linear` where it belongs to the loss. */
  activation: Activation
  loss: LossKind
  /** A row's target is the number of its class, and stands for a row of one 1 and zeros. */
  oneHot: boolean
  metrics: readonly Metric[]
  answers: Answers | null
  /** Factors of the loss by class. */
  weights: ReadonlyMap<number, number> | null
}

/** What is known of a net's end. */
export interface NetEnd {
  /** Numbers that it gives for one row. */
  outputs: number
  /** Taken off the net, for the head to apply. */
  activation: Activation
  /** The last activation, also where a layer such as flatten comes behind it and it stays in the net. */
  ends: Activation
}

type Request = Pick<ModelTraining, 'loss' | 'metrics' | 'fromLogits' | 'classWeights'>

/**
 * @throws TrainerError TRAIN_BAD_MODEL where they do not fit each other
 */
export function compile(
  { loss: name, metrics: names, fromLogits, classWeights }: Request,
  { ends, ...net }: Omit<NetEnd, 'ends'> & Partial<NetEnd>,
  data: Pick<Dataset, 'targets' | 'classes'>,
): Compiled {
  const loss = lossOf(name)
  const oneHot = isOneHot(loss, net.outputs, data)
  const answers = answersOf(loss, oneHot, net.outputs, data)
  const metrics = names.map(metricOf)
  if (metrics.includes('accuracy') && answers === null)
    throw bad(`The metric accuracy counts right classes, and ${loss} is given numbers`)
  if (metrics.includes('topKAccuracy') && answers !== 'classes')
    throw bad('The metric topKAccuracy wants a net that chooses one of several classes')
  return {
    width: net.outputs,
    ...ending(loss, { activation: net.activation, ends: ends ?? net.activation }, fromLogits),
    oneHot,
    metrics,
    answers,
    weights: weightsOf(classWeights, net.outputs, answers),
  }
}

const bad = (sentence: string): TrainerError => new TrainerError('TRAIN_BAD_MODEL', `${sentence}.`)

const numbers = (count: number): string => (count === 1 ? '1 number' : `${count} numbers`)

function isOneHot(loss: Loss, outputs: number, { targets, classes }: Pick<Dataset, 'targets' | 'classes'>): boolean {
  const gives = `The net gives ${numbers(outputs)} a row`
  if ((loss === 'categoricalCrossentropy' || loss === 'sparseCategoricalCrossentropy') && outputs < 2)
    throw bad(
      `${gives}, and ${loss} chooses among at least two: for two classes and one number there is binaryCrossentropy`,
    )
  if (loss === 'sparseCategoricalCrossentropy') {
    if (targets !== 1)
      throw bad(`${loss} wants the number of a class as target, and the data has ${targets} numbers a row`)
    if (classes !== null && classes.length > outputs) throw bad(`${gives}, and the data has ${classes.length} classes`)
    return true
  }
  if (classes === null) {
    if (targets === outputs) return false
    const hint =
      loss === 'categoricalCrossentropy' && targets === 1 ? '; sparseCategoricalCrossentropy takes class numbers' : ''
    throw bad(`${gives}, and the data's target has ${targets}${hint}`)
  }
  if (classes.length === outputs && outputs > 1) return true
  // 0 and 1, or any class number for a net that is to give that number.
  if (outputs === 1 && (loss !== 'binaryCrossentropy' || classes.length === 2)) return false
  throw bad(`${gives}, and the data has ${classes.length} classes`)
}

function answersOf(
  loss: Loss,
  oneHot: boolean,
  outputs: number,
  { classes }: Pick<Dataset, 'classes'>,
): Answers | null {
  if (loss === 'binaryCrossentropy') return 'binary'
  if (loss === 'categoricalCrossentropy' || oneHot) return 'classes'
  return classes?.length === 2 && outputs === 1 ? 'binary' : null
}

/** As Keras, which takes the logits back from a softmax or sigmoid that the loss would undo (keras.src.backend, _get_logits). */
function ending(
  loss: Loss,
  { activation, ends }: Pick<NetEnd, 'activation' | 'ends'>,
  fromLogits: boolean | null,
): Pick<Compiled, 'activation' | 'loss'> {
  switch (loss) {
    case 'binaryCrossentropy':
      // What stays in the net gives probabilities as well.
      if (activation === 'sigmoid') return { activation: 'linear', loss: 'sigmoidCrossentropy' }
      return { activation, loss: (fromLogits ?? !isProbability(ends)) ? 'sigmoidCrossentropy' : loss }
    case 'categoricalCrossentropy':
    case 'sparseCategoricalCrossentropy':
      if (activation === 'softmax') return { activation: 'linear', loss: 'softmaxCrossentropy' }
      return {
        activation,
        loss: (fromLogits ?? !isProbability(ends)) ? 'softmaxCrossentropy' : 'categoricalCrossentropy',
      }
    default:
      if (fromLogits === true) throw bad(`fromLogits belongs to a cross-entropy, and the loss is ${loss}`)
      return { activation, loss }
  }
}

const isProbability = (activation: Activation): boolean => activation === 'softmax' || activation === 'sigmoid'

function weightsOf(
  classWeights: ModelTraining['classWeights'],
  outputs: number,
  answers: Answers | null,
): Compiled['weights'] {
  if (classWeights === null) return null
  if (answers === null) throw bad('classWeights are for classes, and the targets are numbers')
  const count = outputs === 1 ? 2 : outputs
  const weights = new Map(Object.entries(classWeights).map(([name, weight]) => [Number(name), weight]))
  for (const number of weights.keys())
    if (number >= count) throw bad(`classWeights names the class ${number}, and the classes are 0 to ${count - 1}`)
  return weights
}
