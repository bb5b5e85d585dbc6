// The right side of the submit page: would it be accepted, what fits and what does not, and the script that Slurm would get.
import type { Problem } from '@trotline/contracts'
import { Findings, Nearest, VerdictWord } from '../job/verdict.tsx'
import { CopyButton } from '../shell/copy-button.tsx'
import { TextBox } from '../shell/text-box.tsx'
import { commandOf, curlOf } from './copies.ts'
import { fieldOf } from './form.ts'
import type { Tried } from './use-dry-run.ts'

export function Answer({ tried, asking, request }: { tried: Tried | null; asking: boolean; request: unknown }) {
  return (
    <section class="card" aria-label="What would become of it" aria-busy={asking}>
      <div class="row spread">
        <h2>What would become of it</h2>
        <span class="small faint" role="status">
          {asking ? 'asking' : ''}
        </span>
      </div>
      {tried === null && <p class="faint">Choose a cluster and a partition.</p>}
      {tried?.kind === 'unknown' && <p>{tried.text}</p>}
      {tried?.kind === 'refused' && <Refusal problem={tried.problem} />}
      {tried?.kind === 'accepted' && (
        <>
          <p class="verdict">
            <VerdictWord verdict={tried.answer.compatibility.verdict} />
          </p>
          <p>{tried.answer.compatibility.detail}</p>
          <Findings findings={tried.answer.compatibility.findings} />
          {tried.answer.notes.map(note => (
            <p class="small" key={note}>
              {note}
            </p>
          ))}
          <div class="row spread">
            <h3>Script</h3>
            <CopyButton text={tried.answer.script} />
          </div>
          <TextBox>{tried.answer.script}</TextBox>
        </>
      )}
      <div class="row">
        <CopyButton name="Copy as JSON" text={JSON.stringify(request, null, 2)} />
        <CopyButton name="Copy as curl" text={curlOf(request, location.origin)} />
        <CopyButton name="Copy as command" text={commandOf(request)} />
      </div>
    </section>
  )
}

function Refusal({ problem }: { problem: Problem }) {
  return (
    <>
      <p class="verdict">
        <span class="state state-failed">
          <span aria-hidden="true">✕</span>would be refused
        </span>
      </p>
      <p>{problem.detail}</p>
      {problem.compatibility !== undefined && <Findings findings={problem.compatibility.findings} />}
      {problem.findings !== undefined && (
        <ul>
          {problem.findings.map(finding => (
            <li key={`${finding.pointer} ${finding.detail}`}>
              <Place pointer={finding.pointer} />: {finding.detail}
              {finding.required !== undefined && `; required ${finding.required}`}
              {finding.found !== undefined && `, found ${finding.found}`}
              {finding.hint !== undefined && <div class="small">{finding.hint}</div>}
            </li>
          ))}
        </ul>
      )}
      <Nearest nearest={problem.nearest ?? []} />
    </>
  )
}

/** Leads to the field that it means, where the form has it. */
function Place({ pointer }: { pointer: string }) {
  const field = fieldOf(pointer)
  if (field === null) return <span class="mono">{pointer}</span>
  return (
    <button type="button" class="plain mono" onClick={() => document.getElementById(`field-${field}`)?.focus()}>
      {pointer}
    </button>
  )
}
