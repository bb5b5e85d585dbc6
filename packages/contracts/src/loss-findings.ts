// Loss, metrics, logits and class weights against each other, against what the target is, and against the end of the net.
import { type Loss, type LossName, lossOf, type Metric, metricOf } from './compile.ts'
import { type Target, targetOf } from './data-findings.ts'
import { endOf, outputsOf } from './net-findings.ts'
import type { Finding } from './problem.ts'
import type { ModelTraining } from './training.ts'

const ONE_OF_MANY: readonly Loss[] = ['categoricalCrossentropy', 'sparseCategoricalCrossentropy']

const isOneOfMany = (name: LossName): boolean => ONE_OF_MANY.includes(lossOf(name))
/** The loss is one of classes, not of numbers. */
const isClassification = (name: LossName): boolean => isOneOfMany(name) || lossOf(name) === 'binaryCrossentropy'

export function lossFindings(training: ModelTraining): Finding[] {
  const target = targetOf(training.data)
  // A loss of numbers on classes is one of a 1 among zeros: whether it fits is known when the classes are.
  const numbers = target.kind === 'number' && !isClassification(training.loss)
  return [
    ...targetFindings(training, target),
    ...outputFindings(training, target),
    ...metricFindings(training, numbers),
    ...logitFindings(training),
    ...weightFindings(training, numbers),
  ]
}

function targetFindings({ data, loss }: ModelTraining, target: Target): Finding[] {
  if (target.kind !== 'number') return []
  const pointer = '/training/loss'
  if (data.format === 'auto-mpg' && isClassification(loss))
    return [
      {
        pointer,
        detail: `The target of auto-mpg is a number, miles per gallon, and ${loss} is a loss of classes`,
        found: loss,
        hint: 'Take meanSquaredError, meanAbsoluteError or huber',
      },
    ]
  if (lossOf(loss) !== 'categoricalCrossentropy') return []
  return [
    {
      pointer,
      detail: `${loss} wants a number for each class as target, and the target is one column`,
      found: loss,
      hint: 'Take sparseCategoricalCrossentropy, which wants the number of the class',
    },
  ]
}

/** What the net gives for a row, against what it is to give. */
function outputFindings({ model, loss }: ModelTraining, target: Target): Finding[] {
  const outputs = 'layers' in model ? outputsOf(model.layers) : null
  if (outputs === null) return []
  const { units, layer } = outputs
  const wrong = (detail: string, required: string): Finding[] => [
    { pointer: `/training/model/layers/${layer}/units`, detail, found: String(units), required },
  ]
  if (isOneOfMany(loss) && units === 1)
    return wrong(`${loss} wants a number for each class`, 'as many as there are classes; one with binaryCrossentropy')
  if (target.kind === 'number' && !isOneOfMany(loss) && units !== 1)
    return wrong('The target is one number, and the net gives several for it', '1')
  if (target.kind !== 'classes' || target.count === null) return []
  const { count } = target
  if (lossOf(loss) === 'sparseCategoricalCrossentropy')
    return units < count ? wrong(`The data has ${count} classes`, `at least ${count}`) : []
  if (units === count || (units === 1 && (lossOf(loss) !== 'binaryCrossentropy' || count === 2))) return []
  return wrong(`The data has ${count} classes`, String(count))
}

function metricFindings({ metrics, loss }: ModelTraining, numbers: boolean): Finding[] {
  const findings: Finding[] = []
  const seen = new Map<Metric, number>()
  metrics.forEach((name, i) => {
    const metric = metricOf(name)
    const pointer = `/training/metrics/${i}`
    const first = seen.get(metric)
    if (first !== undefined)
      findings.push({ pointer, detail: `${name} is the same as metrics.${first}, ${metrics[first]}`, found: name })
    else seen.set(metric, i)
    if (metric === 'accuracy' && numbers)
      findings.push({
        pointer,
        detail: `accuracy counts classes that were found, and with the loss ${loss} the target is a number`,
        found: name,
        hint: 'Take meanAbsoluteError or rootMeanSquaredError',
      })
    if (metric === 'topKAccuracy' && (numbers || lossOf(loss) === 'binaryCrossentropy'))
      findings.push({
        pointer,
        detail: `topKAccuracy wants one class of many, which the loss ${loss} does not have`,
        found: name,
      })
  })
  return findings
}

function logitFindings({ fromLogits, loss, model }: ModelTraining): Finding[] {
  if (fromLogits !== true) return []
  const pointer = '/training/fromLogits'
  if (!isClassification(loss))
    return [{ pointer, detail: `The loss ${loss} takes the net’s numbers as they are`, hint: 'Leave fromLogits out' }]
  const last = 'layers' in model ? endOf(model.layers) : null
  if (last !== 'softmax' && last !== 'sigmoid') return []
  return [
    {
      pointer,
      detail: `The net ends in ${last}, which makes probabilities, and fromLogits says that it gives logits`,
      hint: `Leave fromLogits out, or the ${last}`,
    },
  ]
}

function weightFindings({ classWeights, loss, model }: ModelTraining, numbers: boolean): Finding[] {
  if (classWeights === null) return []
  if (numbers)
    return [
      {
        pointer: '/training/classWeights',
        detail: `Classes are weighed, and with the loss ${loss} the target is a number`,
        hint: 'Leave classWeights out, or take a cross-entropy as loss',
      },
    ]
  const outputs = 'layers' in model ? outputsOf(model.layers) : null
  if (outputs === null) return []
  const count = outputs.units === 1 ? 2 : outputs.units
  return Object.keys(classWeights)
    .filter(number => Number(number) >= count)
    .map(number => ({
      pointer: `/training/classWeights/${number}`,
      detail: `The net has ${count} classes, 0 to ${count - 1}`,
      found: number,
    }))
}
