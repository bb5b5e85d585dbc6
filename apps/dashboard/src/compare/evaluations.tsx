// What the compared models make of data that they were not trained on, side by side.
import '../style/curves.css'
import type { Job } from '@trotline/contracts'
import { EvaluationTab } from '../evaluation/evaluation-tab.tsx'

export function Evaluations({ jobs, names }: { jobs: readonly Job[]; names: ReadonlyMap<string, string> }) {
  return (
    <div class="side-by-side">
      {jobs.map(job => (
        <section key={job.id} aria-label={`Evaluation of ${names.get(job.id) ?? job.name}`}>
          <h2>{names.get(job.id) ?? job.name}</h2>
          <EvaluationTab job={job} />
        </section>
      ))}
    </div>
  )
}
