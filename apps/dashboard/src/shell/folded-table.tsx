// The figures behind a picture, folded away: made when somebody opens them, some rows at a time.
import { useState } from 'preact/hooks'
import { count } from '../text/figures.ts'
import { TableBox } from './table-box.tsx'

export interface FigureTable {
  heads: readonly string[]
  /** As many cells as heads. */
  rows: readonly (readonly string[])[]
}

const ROWS_AT_ONCE = 25

interface FoldedProps {
  label: string
  summary?: string
  table: () => FigureTable
}

/** A page at a time: all rows at once would cost more than the plot. */
export function FoldedTable({ label, summary = 'As a table', table }: FoldedProps) {
  const [open, setOpen] = useState(false)
  const [most, setMost] = useState(ROWS_AT_ONCE)
  const { heads, rows } = open ? table() : { heads: [], rows: [] }
  return (
    <details class="small fold" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open && (
        <>
          <TableBox label={label}>
            <thead>
              <tr>
                {heads.map((head, at) => (
                  <th scope="col" key={head} class={at === 0 ? undefined : 'number'}>
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, most).map((cells, row) => (
                // Rows have no name but their place.
                <tr key={row}>
                  {cells.map((cell, at) => (
                    <td key={heads[at]} class={at === 0 ? undefined : 'number'}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </TableBox>
          {rows.length > most && (
            <button type="button" onClick={() => setMost(most * 4)}>
              More: {count(most)} of {count(rows.length)} are shown
            </button>
          )}
        </>
      )}
    </details>
  )
}
