// The top of a job's page: its name and state, why it is there, what can be done, and its facts.
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { limitText, paceOf, timeLeftText } from '../chart/pace.ts'
import { AwaitButton } from '../notify/await-button.tsx'
import { Link } from '../router/link.tsx'
import { CopyButton } from '../shell/copy-button.tsx'
import { TextBox } from '../shell/text-box.tsx'
import { Trouble } from '../shell/trouble.tsx'
import { duration } from '../text/durations.ts'
import { count } from '../text/figures.ts'
import { Age, secondsBetween } from './age.tsx'
import { CancelJobs } from './cancel-jobs.tsx'
import { Fact } from './environment-tab.tsx'
import { Neighbours } from './neighbours.tsx'
import { isOver } from './over.ts'
import { RerunButton } from './rerun-button.tsx'
import { StateBadge } from './state-badge.tsx'
import type { JobInView } from './use-job.ts'

export function JobHead({ view }: { view: JobInView }) {
  const { job, why, history } = view
  const [cancelling, setCancelling] = useState(false)
  const [trouble, setTrouble] = useState<string | null>(null)
  if (job === null) return null
  const over = isOver(job.state)
  const { resources, training } = job.request
  const run = job.runs.at(-1)
  const pace = job.state === 'running' ? paceOf(history) : null
  const left = timeLeftText(pace, job.progress.of - job.progress.epochs)
  const submission = job.submissions.at(-1)
  const limit =
    pace !== null && submission !== undefined && run?.startedAt != null
      ? limitText(pace, {
          epochs: job.progress.epochs,
          of: job.progress.of,
          limitLeftSeconds: submission.timeLimitMinutes * 60 - secondsBetween(run.startedAt, null),
        })
      : null
  const release = async (): Promise<void> => {
    try {
      await client.post('/v1/jobs/{id}/release', { path: { id: job.id } })
    } catch (error) {
      setTrouble(inWords(error))
    }
  }
  return (
    <>
      <div class="head">
        <div>
          <div class="summary-line">
            <h1>{job.name}</h1>
            <StateBadge
              job={{ state: job.state, hold: job.hold?.code ?? null, failure: job.failure?.reason ?? null }}
            />
            {job.cancelRequestedAt !== null && !over && <span class="faint">cancelling was asked for</span>}
          </div>
          <span class="mono small faint">{job.id}</span>
          <Neighbours id={job.id} onTrouble={setTrouble} />
        </div>
        <div class="row">
          {job.hold !== null && !over && (
            <button type="button" class="primary" onClick={() => void release()}>
              Try again
            </button>
          )}
          <RerunButton id={job.id} onTrouble={setTrouble} />
          <Link href={`/submit?from=${job.id}`} class="button">
            Edit and submit
          </Link>
          <CopyButton text={`trotline show ${job.id}`} name="Copy as command" />
          {!over && <AwaitButton id={job.id} />}
          {!over && (
            <button
              type="button"
              class="danger"
              disabled={job.cancelRequestedAt !== null}
              onClick={() => setCancelling(true)}
            >
              Cancel
            </button>
          )}
        </div>
      </div>
      {trouble !== null && <Trouble text={trouble} />}
      {why !== null && job.failure === null && (
        <div>
          <p class="lead">{why.summary}</p>
          {why.action !== null && <p>{why.action}</p>}
          {why.details.length > 0 && (
            <details class="small">
              <summary>From what this was concluded</summary>
              {why.details.map(detail => (
                <p class="faint" key={detail}>
                  {detail}
                </p>
              ))}
              {why.evidence.length > 0 && (
                <TextBox>{why.evidence.map(({ source, line }) => `${source}: ${line}`).join('\n')}</TextBox>
              )}
            </details>
          )}
        </div>
      )}
      <dl class="facts">
        <Fact name="Progress">
          {count(job.progress.epochs)} of {count(job.progress.of, 'epoch')}
          {left !== null && `, ${left}`}
        </Fact>
        <Fact name="Where">
          {job.cluster} / {resources.partition}
          {run?.node != null && ` on ${run.node}`}
        </Fact>
        <Fact name="Asked for">
          {[
            resources.gpus > 0 && count(resources.gpus, resources.gpuType ?? 'GPU'),
            count(resources.cpus, 'CPU'),
            `${count(resources.memoryMiB)} MiB`,
            duration(resources.timeLimitMinutes * 60),
          ]
            .filter(Boolean)
            .join(', ')}
        </Fact>
        <Fact name="Training">
          {training.kind === 'preset'
            ? training.preset
            : training.kind === 'command'
              ? shortened(training.command.join(' '))
              : 'a model of its own'}
        </Fact>
        <Fact name="Slurm">
          {job.slurm === null ? 'not submitted yet' : `${job.slurm.state}, job ${job.slurm.jobId}`}
        </Fact>
        <Fact name="Submitted">
          <Age at={job.createdAt} /> by {job.owner.name}
        </Fact>
        {job.runs.length > 1 && <Fact name="Attempts">{count(job.runs.length)}</Fact>}
        {job.rerunOf !== null && (
          <Fact name="Repeats">
            {job.rerunOf.elsewhere ? job.rerunOf.job : <Link href={`/jobs/${job.rerunOf.job}`}>{job.rerunOf.job}</Link>}
          </Fact>
        )}
      </dl>
      {limit !== null && (
        <p class="card warn" role="note">
          {limit.charAt(0).toUpperCase() + limit.slice(1)}.
        </p>
      )}
      {cancelling && (
        <CancelJobs
          jobs={[{ ...job, epochs: job.progress.epochs, ofEpochs: job.progress.of }]}
          onClose={() => setCancelling(false)}
          onDone={() => {}}
        />
      )}
    </>
  )
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text)
