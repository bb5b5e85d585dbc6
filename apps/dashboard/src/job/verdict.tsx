// A compatibility verdict: a shape, a word, a colour; and its findings, what is needed beside what is there.
import type { CompatibilityFinding, Suggestion, Verdict } from '@trotline/contracts'
import { CopyButton } from '../shell/copy-button.tsx'
import { TableBox } from '../shell/table-box.tsx'
import { TextBox } from '../shell/text-box.tsx'

const LOOKS: Readonly<Record<Verdict, readonly [string, string, string]>> = {
  compatible: ['state-completed', '✓', 'compatible'],
  'compatible-with-warning': ['state-cancelled', '!', 'compatible, with a warning'],
  incompatible: ['state-failed', '✕', 'incompatible'],
  unknown: ['state-queued', '?', 'unknown'],
}

export function VerdictWord({ verdict }: { verdict: Verdict }) {
  const [look, icon, word] = LOOKS[verdict]
  return (
    <span class={`state ${look}${verdict === 'unknown' ? ' unknown' : ''}`}>
      <span aria-hidden="true">{icon}</span>
      {word}
    </span>
  )
}

export function Findings({ findings }: { findings: readonly CompatibilityFinding[] }) {
  if (findings.length === 0) return null
  return (
    <TableBox label="What was judged">
      <thead>
        <tr>
          <th scope="col">Gate</th>
          <th scope="col">Needs</th>
          <th scope="col">Found</th>
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        {findings.map(finding => (
          <tr key={`${finding.gate} ${finding.rule} ${finding.detail}`}>
            <td>
              <div class="nowrap">{finding.gate}</div>
              <div class="small faint">{finding.rule}</div>
            </td>
            <td class="needs">
              {finding.required ?? finding.detail}
              {finding.required !== null && <div class="small faint">{finding.detail}</div>}
              {finding.hint !== null && <div class="small">{finding.hint}</div>}
            </td>
            <td>{finding.found ?? ''}</td>
            <td>
              <VerdictWord verdict={finding.verdict} />
              {finding.source !== null && <div class="small faint from">{finding.source}</div>}
            </td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  )
}

export function Nearest({ nearest }: { nearest: readonly Suggestion[] }) {
  if (nearest.length === 0) return null
  return (
    <section class="card">
      <h3>Nearest sets that run there, judged by the same rules</h3>
      <ul class="plain nearest">
        {nearest.map(one => (
          <li key={one.detail}>
            {one.detail}
            {one.install !== null && (
              <>
                <TextBox>{one.install}</TextBox>
                <div class="row">
                  <CopyButton text={one.install} name="Copy this set" />
                </div>
              </>
            )}
            {one.changes.length > 0 && (
              <div class="small mono">
                {one.changes.map(({ field, from, to }) => (
                  <div key={field}>{`${field}: ${from ?? '(none)'} → ${to ?? '(left out)'}`}</div>
                ))}
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
