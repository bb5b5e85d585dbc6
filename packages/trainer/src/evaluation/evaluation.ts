// What evaluation.json is made of: fed with predictions and targets chunk by chunk, in row order, read once at the end.
import type { Dataset } from '../data/dataset.ts'
import type { Compiled } from '../training/compile.ts'
import { createClassification } from './classification.ts'
import type { Evaluator, Part } from './evaluator.ts'
import { createRegression } from './regression.ts'

/** Several labels a row, each with a yes or a no, are shown as the numbers that they are. */
export function createEvaluator(part: Part, data: Dataset, { width, answers }: Compiled): Evaluator {
  const chooses = answers === 'classes' || (answers === 'binary' && width === 1)
  if (!chooses) return createRegression(part, data.rows, width)
  const count = width === 1 ? 2 : width
  const names = Array.from({ length: count }, (_, i) => data.classes?.[i] ?? String(i))
  return createClassification(part, data, names, width)
}
