// The values that an epoch reports, by name, and whether a monitor looks at one of them.
import { METRIC_KEYS, MetricName, metricOf } from './compile.ts'
import type { Finding } from './problem.ts'
import type { ModelTraining } from './training.ts'

/** `loss`, the metrics, and the same with `val_` before them where rows are set apart for validation. */
export function epochValueNames({
  metrics,
  validationSplit,
  validationData,
}: Pick<ModelTraining, 'metrics' | 'validationSplit' | 'validationData'>): string[] {
  const names = ['loss', ...new Set(metrics.map(name => METRIC_KEYS[metricOf(name)]))]
  const validates = validationSplit > 0 || validationData !== null
  return validates ? [...names, ...names.map(name => `val_${name}`)] : names
}

export function monitorFindings(training: ModelTraining): Finding[] {
  const { earlyStopping, bestWeights, epochs } = training
  const findings: Finding[] = []
  if (earlyStopping !== null) findings.push(...monitored(earlyStopping.monitor, 'earlyStopping', training))
  if (bestWeights !== null) findings.push(...monitored(bestWeights.monitor, 'bestWeights', training))
  if (earlyStopping !== null && earlyStopping.startFromEpoch >= epochs)
    findings.push({
      pointer: '/training/earlyStopping/startFromEpoch',
      detail: `Early stopping would begin after epoch ${earlyStopping.startFromEpoch}, and there are ${epochs}`,
      found: String(earlyStopping.startFromEpoch),
      required: `less than ${epochs}`,
    })
  if (earlyStopping?.restoreBestWeights && bestWeights !== null && differ(earlyStopping, bestWeights))
    findings.push({
      pointer: '/training/bestWeights',
      detail: `Two weights are to be kept: bestWeights by ${bestWeights.monitor}, earlyStopping.restoreBestWeights by ${earlyStopping.monitor}`,
      hint: 'Leave one of them out',
    })
  return findings
}

type Monitored = { monitor: string; mode: string }
const differ = (a: Monitored, b: Monitored): boolean => a.monitor !== b.monitor || a.mode !== b.mode

function monitored(monitor: string, field: string, training: ModelTraining): Finding[] {
  const names = epochValueNames(training)
  if (names.includes(monitor)) return []
  const [, val = '', word = ''] = /^(val_)?(.*)$/.exec(monitor) ?? []
  const known = MetricName.safeParse(word)
  const key = word === 'loss' || Object.values(METRIC_KEYS).includes(word) ? word : undefined
  const meant = key ?? (known.success ? METRIC_KEYS[metricOf(known.data)] : undefined)
  const hint =
    meant === undefined
      ? undefined
      : names.includes(`${val}${meant}`)
        ? `Say ${val}${meant}`
        : !names.includes(meant)
          ? `Add ${meant} to metrics`
          : 'Ask for validationSplit or validationData, or leave out the val_'
  return [
    {
      pointer: `/training/${field}/monitor`,
      detail: `No epoch of this training has a value ${monitor}`,
      found: monitor,
      required: `one of ${names.join(', ')}`,
      ...(hint === undefined ? {} : { hint }),
    },
  ]
}
