// Which metrics share a chart: a metric and its validation, told by `val_` before the name, as in Keras.

export interface Family {
  name: string
  /** Training first. */
  metrics: string[]
}

const VALIDATION = /^val_(?=.)/
export const isValidation = (metric: string): boolean => VALIDATION.test(metric)
export const familyOf = (metric: string): string => metric.replace(VALIDATION, '')

/** Loss first, then as they were first logged. */
export function familiesOf(metrics: readonly string[]): Family[] {
  const families = new Map<string, Family>()
  for (const metric of metrics) {
    const name = familyOf(metric)
    const family = families.get(name) ?? { name, metrics: [] }
    family.metrics.push(metric)
    families.set(name, family)
  }
  for (const { metrics: own } of families.values())
    own.sort((a, b) => Number(isValidation(a)) - Number(isValidation(b)))
  const all = [...families.values()]
  return [...all.filter(family => family.name === 'loss'), ...all.filter(family => family.name !== 'loss')]
}

/** More charts at once stop a browser. */
export const MOST_CHARTS = 12

/** Those chosen that there are; nothing chosen: the first dozen. */
export function chosenFamilies(families: readonly Family[], chosen: readonly string[]): Family[] {
  const picked = families.filter(family => chosen.includes(family.name))
  return (picked.length > 0 ? picked : families).slice(0, MOST_CHARTS)
}

/** Keras's rule for `mode: auto` (whatever ends in accuracy), and what commands of one's own usually log beside it. */
const HIGHER_IS_BETTER = /(?:^|_)(?:acc|auc|f1|r2|precision|recall|iou|bleu|score|reward)$|accuracy$/i

export const goalOf = (metric: string): 'lowest' | 'highest' => (HIGHER_IS_BETTER.test(metric) ? 'highest' : 'lowest')
