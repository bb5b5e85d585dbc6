// What the trained model makes of data that it was not trained on, from the job's own evaluation.json.
import '../style/curves.css'
import type { Job } from '@trotline/contracts'
import { useLook } from '../api/use-asked.ts'
import { hasEvaluation } from '../job/has-evaluation.ts'
import { isOver } from '../job/over.ts'
import { ClassificationPlots } from './classification-plots.tsx'
import { LinePlot } from './line-plot.tsx'
import { readEvaluation } from './read-evaluation.ts'
import { RegressionPlots } from './regression-plots.tsx'

export function EvaluationTab({ job }: { job: Job }) {
  const there = hasEvaluation(job)
  const { value, trouble } = useLook(signal => readEvaluation(job.id, signal), there ? job.id : null)
  if (!there)
    return (
      <p class="card faint">
        {isOver(job.state) ? 'This job left no evaluation.' : 'The model is evaluated when the training has ended.'}
      </p>
    )
  if (value === null) return <p class="card faint">{trouble ?? 'Asking the server'}</p>
  switch (value.kind) {
    case 'regression':
      return <RegressionPlots evaluation={value} />
    case 'classification':
      return <ClassificationPlots evaluation={value} />
    case 'line':
      return <LinePlot evaluation={value} />
  }
}
