// What a person is told of a job that was run once more.
import type { Job, TrainingReport } from '@trotline/contracts'
import { resourcesText, whereOf } from './job-text.ts'
import type { Style } from './style.ts'
import { trainingText } from './training-text.ts'

/** @param before the job that it repeats */
export function acceptedAgainText(job: Job, before: string, style: Style): string {
  const head = `${style.good('Accepted')}  ${style.bold(job.id)}  ${job.name}  on ${whereOf(job.request)}  once more, as ${before}`
  const differences = job.rerunOf?.differences ?? []
  const facts = [
    ['trains', trainingText(job.request)],
    ['asks for', resourcesText(job.request)],
    ...(differences.length === 0 ? [['as before', 'nothing differs that is known']] : []),
    ...differences.map(text => ['differs', text]),
    ...job.notes.map(({ text }) => ['note', text]),
  ]
  return `${head}\n${facts.map(([label = '', text = '']) => `  ${style.dim(label.padEnd(9))}  ${text}`).join('\n')}\n`
}

type Weights = Pick<TrainingReport, 'weightsSha256'> | null

/** null: one of them left no weights that could be compared. */
export function weightsText(now: Weights, before: Weights, of: string, style: Style): string | null {
  const [a, b] = [now?.weightsSha256 ?? null, before?.weightsSha256 ?? null]
  if (a === null || b === null) return null
  return a === b
    ? style.good(`The weights are the same as those of ${of}, to the last bit (sha256 ${a.slice(0, 12)}).`)
    : style.warn(`The weights are others than those of ${of}: sha256 ${a.slice(0, 12)}, before ${b.slice(0, 12)}.`)
}
