// The sbatch script as it was submitted, and the request that made it.
import type { Job } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { TextBox } from '../shell/text-box.tsx'

export function ScriptTab({ job }: { job: Job }) {
  const [script, setScript] = useState<string | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const submission = job.submission
  // Another submission has another script.
  useEffect(() => {
    const leaving = new AbortController()
    client.text('/v1/jobs/{id}/script', { path: { id: job.id }, signal: leaving.signal }).then(
      ({ data }) => {
        setScript(data)
        setTrouble(null)
      },
      error => leaving.signal.aborted || setTrouble(inWords(error)),
    )
    return () => leaving.abort()
  }, [job.id, submission])
  const request = JSON.stringify(job.request, null, 2)
  return (
    <div class="columns">
      <section class="card">
        <div class="row spread">
          <h2>Script</h2>
          {script !== null && <CopyButton text={script} />}
        </div>
        {trouble !== null && script === null && <p class="faint">{trouble}</p>}
        {script !== null && <TextBox>{script}</TextBox>}
      </section>
      <section class="card">
        <div class="row spread">
          <h2>Request</h2>
          <CopyButton text={request} />
        </div>
        <TextBox>{request}</TextBox>
      </section>
    </div>
  )
}
