// What differs between the compared jobs, and, folded away, what does not.
import type { Job } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { StateBadge } from '../job/state-badge.tsx'
import { Link } from '../router/link.tsx'
import { FoldedTable } from '../shell/folded-table.tsx'
import { TableBox } from '../shell/table-box.tsx'
import { count } from '../text/figures.ts'
import { cutToDifference, differencesOf } from './differences.ts'

const MOST_AT_FIRST = 50

export function DifferenceTable({ jobs, onTakeAway }: { jobs: readonly Job[]; onTakeAway: (id: string) => void }) {
  const { differing, same } = differencesOf(jobs)
  const [all, setAll] = useState(false)
  return (
    <>
      <TableBox label="What differs">
        <thead>
          <tr>
            <th scope="col">{count(differing.length, 'difference')}</th>
            {jobs.map(job => (
              <th scope="col" key={job.id}>
                <Link href={`/jobs/${job.id}`}>{job.name}</Link>
                <div class="mono">{job.id}</div>
                <StateBadge
                  job={{ state: job.state, hold: job.hold?.code ?? null, failure: job.failure?.reason ?? null }}
                />
                <button
                  type="button"
                  class="plain"
                  onClick={() => onTakeAway(job.id)}
                  aria-label={`Take ${job.name} ${job.id} away`}
                >
                  ✕
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(all ? differing : differing.slice(0, MOST_AT_FIRST)).map(({ name, values }) => {
            const cut = cutToDifference(values)
            return (
              <tr key={name}>
                <td class="mono">{name}</td>
                {values.map((value, at) => (
                  <td key={jobs[at]?.id} class="wrap-all">
                    <Value whole={value} cut={cut[at] ?? null} />
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </TableBox>
      {differing.length > MOST_AT_FIRST && !all && (
        <div class="row">
          <button type="button" onClick={() => setAll(true)}>
            All {count(differing.length, 'difference')}
          </button>
        </div>
      )}
      {jobs.length > 1 && (
        <FoldedTable
          label={`${count(same.length, 'field is', 'fields are')} the same in all`}
          summary={`${count(same.length, 'field is', 'fields are')} the same in all`}
          table={() => ({ heads: ['Field', 'In all'], rows: same.map(({ name, value }) => [name, value]) })}
        />
      )}
    </>
  )
}

function Value({ whole, cut }: { whole: string | null; cut: string | null }) {
  if (whole === null) return <span class="faint">none</span>
  if (whole === cut) return <>{whole}</>
  return (
    <details class="cut-value">
      <summary>{cut}</summary>
      {whole}
    </details>
  )
}
