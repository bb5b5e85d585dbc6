// The curves as a table, 25 epochs a page, the newest page first.
import { useState } from 'preact/hooks'
import type { EpochHistory } from '../chart/history.ts'
import { tablePage } from '../chart/table-page.ts'
import { TableBox } from '../shell/table-box.tsx'
import { count } from '../text/figures.ts'

export function EpochTable({ history }: { history: EpochHistory; drawing: number }) {
  const [wanted, setWanted] = useState(Number.MAX_SAFE_INTEGER)
  const { metrics } = history
  const { page, pages, rows } = tablePage(history, metrics, wanted)
  return (
    <>
      <TableBox label="Epochs, 25 a page">
        <thead>
          <tr>
            <th scope="col" class="number">
              Epoch
            </th>
            {metrics.map(metric => (
              <th scope="col" class="number" key={metric}>
                {metric}
              </th>
            ))}
            <th scope="col" class="number">
              Seconds
            </th>
            <th scope="col" class="number">
              Attempt
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.epoch}>
              <td class="number">{count(row.epoch)}</td>
              {row.values.map((value, at) => (
                <td class="number" key={metrics[at]}>
                  {value}
                </td>
              ))}
              <td class="number">{row.seconds}</td>
              <td class="number">{row.attempt}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      <div class="row">
        <button type="button" disabled={page === 0} onClick={() => setWanted(page - 1)}>
          Earlier
        </button>
        <span class="small">
          {count(page + 1)} of {count(pages)}
        </span>
        <button
          type="button"
          disabled={page === pages - 1}
          onClick={() => setWanted(page + 2 >= pages ? Number.MAX_SAFE_INTEGER : page + 1)}
        >
          Later
        </button>
      </div>
    </>
  )
}
