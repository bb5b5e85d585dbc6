// Why a job failed: the cause, one thing to do, what it was concluded from, and the last lines it wrote.
import type { Failure } from '@trotline/contracts'
import { faultOf } from '../log/error-lines.ts'
import { TextBox } from '../shell/text-box.tsx'

export function FailureCard({ failure, onLog }: { failure: Failure; onLog: () => void }) {
  const lines = failure.logTail.split('\n').slice(-20)
  return (
    <section class="card bad" aria-label="Why it failed">
      <h2>{failure.detail}</h2>
      <p>{failure.action}</p>
      {failure.logTail !== '' && (
        <TextBox>
          {lines.map((line, at) => (
            // Lines have no name but their place.
            <div key={at} class={faultOf(line) === null ? 'log-row' : 'log-row error'}>
              {line}
            </div>
          ))}
        </TextBox>
      )}
      <div class="row">
        <button type="button" onClick={onLog}>
          Open the log
        </button>
      </div>
      {failure.evidence.length > 0 && (
        <details>
          <summary>What this was concluded from</summary>
          <TextBox>{failure.evidence.join('\n')}</TextBox>
        </details>
      )}
    </section>
  )
}
