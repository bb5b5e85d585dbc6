// What the trained model makes of data that it was not trained on, from the job's own evaluation.json.
import type { Evaluation, Job } from '@trotline/contracts'
import { useAsked } from '../api/use-asked.ts'
import { isOver } from '../job/over.ts'
import { ClassificationPlots } from './classification-plots.tsx'
import { LinePlot } from './line-plot.tsx'
import { RegressionPlots } from './regression-plots.tsx'

export function EvaluationTab({ job }: { job: Job }) {
  const there = job.result?.artifacts.some(file => file.path === 'evaluation.json') ?? false
  const { value, trouble } = useAsked<Evaluation>(
    there ? `/v1/jobs/${encodeURIComponent(job.id)}/artifacts/evaluation.json` : null,
  )
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
