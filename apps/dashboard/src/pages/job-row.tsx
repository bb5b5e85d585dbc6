// One job of the list.
import type { JobSummary } from '@trotline/contracts'
import { Age, localTime, secondsBetween } from '../job/age.tsx'
import { isOver } from '../job/over.ts'
import { StateBadge } from '../job/state-badge.tsx'
import { Link } from '../router/link.tsx'
import { duration } from '../text/durations.ts'
import { count, figure } from '../text/figures.ts'
import { whyInShort } from './jobs-list.ts'

interface RowProps {
  row: JobSummary
  owners: boolean
  ticked: boolean
  chosen: boolean
  onTick: () => void
}

export function JobRow({ row, owners, ticked, chosen, onTick }: RowProps) {
  const why = whyInShort(row)
  const over = isOver(row.state)
  return (
    <tr class={chosen || ticked ? 'chosen' : ''}>
      <td>
        <Link href={`/jobs/${row.id}`}>{row.name}</Link>
        <div class="mono small faint">{row.id}</div>
      </td>
      <td>
        <StateBadge job={row} />
        {why !== null && <div class="small faint two-lines">{why}</div>}
      </td>
      <td>
        {row.epochs > 0 || row.state === 'running' ? (
          <div class="progress">
            <span class="small nowrap">
              {count(row.epochs)} / {count(row.ofEpochs, 'epoch')}
            </span>
            <progress class={over ? 'over' : ''} max={row.ofEpochs} value={row.epochs} aria-label="Epochs trained" />
          </div>
        ) : (
          <span class="faint small nowrap">{count(row.ofEpochs, 'epoch')}</span>
        )}
      </td>
      <td class="number">{row.loss === null ? '' : figure(row.loss)}</td>
      <td class="nowrap">
        {row.cluster} / {row.partition}
        {row.gpus > 0 && <div class="small faint">{count(row.gpus, 'GPU')}</div>}
      </td>
      <td class="nowrap" title={row.endedAt === null ? 'since it was submitted' : 'from submission to end'}>
        {duration(secondsBetween(row.createdAt, row.endedAt))}
      </td>
      <td title={localTime(row.createdAt)}>
        <Age at={row.createdAt} />
      </td>
      {owners && <td>{row.owner}</td>}
      <td>
        <input type="checkbox" checked={ticked} onChange={onTick} aria-label={`Tick ${row.name} ${row.id}`} />
      </td>
    </tr>
  )
}
