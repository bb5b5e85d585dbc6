// One job of the list.
import type { JobSummary } from '@trotline/contracts'
import { timeLeftText } from '../chart/pace.ts'
import { Age, localTime, secondsBetween } from '../job/age.tsx'
import { isOver } from '../job/over.ts'
import { StateBadge } from '../job/state-badge.tsx'
import { LossSpark } from '../jobs/loss-spark.tsx'
import { lossOfLine, paceOfTrend } from '../jobs/loss-trend.ts'
import { rowTimes } from '../jobs/row-times.ts'
import { trendOf } from '../jobs/trend-store.ts'
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
  const loss = lossOfLine(row)
  const { waitedSeconds, ranSeconds } = rowTimes(row, at => secondsBetween(at, null))
  const left =
    row.state === 'running' ? timeLeftText(paceOfTrend(trendOf(row.id).value), row.ofEpochs - row.epochs) : null
  return (
    <tr class={chosen || ticked ? 'chosen' : ''}>
      <td class="tick">
        <input type="checkbox" checked={ticked} onChange={onTick} aria-label={`Tick ${row.name} ${row.id}`} />
      </td>
      <td>
        <Link href={`/jobs/${row.id}`} class="job-name">
          {row.name}
        </Link>
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
      <td class="loss">
        <div>
          <LossSpark row={row} />
          <span class={loss !== null && !Number.isFinite(loss) ? 'number state-failed' : 'number'}>
            {loss === null ? '' : figure(loss)}
          </span>
        </div>
      </td>
      <td class="nowrap">
        {row.cluster} / {row.partition}
        {row.gpus > 0 && <div class="small faint">{count(row.gpus, 'GPU')}</div>}
      </td>
      <td class="nowrap">
        {ranSeconds !== null && <div>{duration(ranSeconds)}</div>}
        <div class="small faint">
          {over || ranSeconds !== null ? 'waited' : 'waits'} {duration(waitedSeconds)}
        </div>
      </td>
      <td class="nowrap">{left === null ? '' : left.replace(/ left$/, '')}</td>
      <td title={localTime(row.createdAt)}>
        <Age at={row.createdAt} />
      </td>
      {owners && <td>{row.owner}</td>}
    </tr>
  )
}
