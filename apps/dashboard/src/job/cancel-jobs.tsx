// Cancelling, for one job or many: the dialog says which and what is lost, and each job's answer is told apart.
import type { JobState, JobSummary } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { Dialog } from '../shell/dialog.tsx'
import { count } from '../text/figures.ts'

export type Cancellable = Pick<JobSummary, 'id' | 'name' | 'state' | 'epochs' | 'ofEpochs'>

interface CancelProps {
  jobs: readonly Cancellable[]
  onClose: () => void
  /** When at least one was taken. */
  onDone: () => void
}

export function CancelJobs({ jobs, onClose, onDone }: CancelProps) {
  const [answers, setAnswers] = useState<readonly { job: Cancellable; trouble: string }[] | null>(null)
  const [busy, setBusy] = useState(false)
  const [only] = jobs
  const one = jobs.length === 1 && only ? only : null

  const cancel = async (): Promise<void> => {
    setBusy(true)
    const troubles: { job: Cancellable; trouble: string }[] = []
    for (const job of jobs) {
      try {
        await client.delete('/v1/jobs/{id}', { path: { id: job.id } })
      } catch (error) {
        troubles.push({ job, trouble: inWords(error) })
      }
    }
    setBusy(false)
    if (troubles.length < jobs.length) onDone()
    if (troubles.length === 0) onClose()
    else setAnswers(troubles)
  }

  if (answers !== null)
    return (
      <Dialog title={`${count(answers.length, 'job')} not cancelled`} onClose={onClose}>
        <ul>
          {answers.map(({ job, trouble }) => (
            <li key={job.id}>
              <b>{job.name}</b> <span class="mono">{job.id}</span>: {trouble}
            </li>
          ))}
        </ul>
        <div class="row">
          <button type="button" onClick={onClose}>
            Close
          </button>
        </div>
      </Dialog>
    )
  return (
    <Dialog title={one ? `Cancel ${one.name}?` : `Cancel ${count(jobs.length, 'job')}?`} onClose={onClose}>
      <p>{one ? lostWith(one) : `${byState(jobs)}. What they have trained so far is not gone on with.`}</p>
      {one && <p class="mono small faint">{one.id}</p>}
      <div class="row">
        <button type="button" onClick={onClose} disabled={busy}>
          {one ? 'Keep it' : 'Keep them'}
        </button>
        <button type="button" class="danger primary" onClick={() => void cancel()} disabled={busy}>
          {busy ? 'Asking the server' : one ? 'Cancel the job' : `Cancel ${count(jobs.length, 'job')}`}
        </button>
      </div>
    </Dialog>
  )
}

function lostWith({ state, epochs, ofEpochs }: Cancellable): string {
  if (epochs > 0)
    return `It is ${state}, with ${count(epochs)} of ${count(ofEpochs, 'epoch')} trained. Its log and its curve stay; the training is not gone on with.`
  return state === 'running'
    ? 'It is running and has not finished an epoch. Its log stays.'
    : `It is ${state} and has not begun to train: nothing is lost but its place in the queue.`
}

function byState(jobs: readonly Cancellable[]): string {
  const counts = new Map<JobState, number>()
  for (const { state } of jobs) counts.set(state, (counts.get(state) ?? 0) + 1)
  return [...counts].map(([state, number]) => `${count(number)} ${state}`).join(', ')
}
