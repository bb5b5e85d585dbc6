// What the job runs in, and whether it fits: the environment's lock, what the last run found of it, the worker, the verdict.
import type { Job } from '@trotline/contracts'
import type { ComponentChildren } from 'preact'
import { useAnswer } from '../api/use-asked.ts'
import { Link } from '../router/link.tsx'
import { localTime } from './age.tsx'
import { Findings, Nearest, VerdictWord } from './verdict.tsx'

export function EnvironmentTab({ job }: { job: Job }) {
  const { value } = useAnswer('/v1/jobs/{id}/compatibility', { path: { id: job.id } })
  const { environment, compatibility, worker } = job
  return (
    <>
      <section class="card">
        <h2>Environment</h2>
        {environment === null ? (
          <p>None of its own: the worker's release trains it and needs nothing else.</p>
        ) : (
          <dl class="facts">
            <Fact name="Name">{environment.name ?? 'none'}</Fact>
            <Fact name="Lock">
              <Link href={`/environments/${environment.lock}`} class="mono">
                {environment.lock.slice(0, 16)}
              </Link>
            </Fact>
            {environment.look !== null && (
              <Fact name="As its last run found it">
                {environment.look.drift === null ? 'as the lock says' : 'not as the lock says'}
              </Fact>
            )}
          </dl>
        )}
        <dl class="facts">
          <Fact name="Worker release">
            <span class="mono">{worker?.release.slice(0, 16) ?? 'not chosen yet'}</span>
          </Fact>
          <Fact name="Node.js on the node">{worker?.runtime ?? 'not known yet'}</Fact>
          {job.result !== null && (
            <Fact name="Backend">
              {job.result.backend === job.result.engine
                ? job.result.engine
                : `${job.result.backend} (${job.result.engine})`}
            </Fact>
          )}
        </dl>
      </section>
      <section class="card">
        <div class="row spread">
          <h2>Compatibility</h2>
          <VerdictWord verdict={compatibility.verdict} />
        </div>
        <p>{compatibility.detail}</p>
        {compatibility.facts !== null && (
          <p class="small faint">
            {`Partition ${compatibility.facts.partition}: driver ${compatibility.facts.driver ?? 'unknown'}, ${compatibility.facts.gpu ?? 'GPU unknown'}; known from ${compatibility.facts.source}, ${localTime(compatibility.facts.at)}.`}
          </p>
        )}
        <Findings findings={value?.report.findings ?? compatibility.findings} />
        <Nearest nearest={value?.report.nearest ?? []} />
      </section>
    </>
  )
}

export const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
