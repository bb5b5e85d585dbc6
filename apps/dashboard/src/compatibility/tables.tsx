// The tables that decide, each row with its source, below the grid that is judged by them.
import { useMemo, useState } from 'preact/hooks'
import { useAnswer } from '../api/use-asked.ts'
import { TableBox } from '../shell/table-box.tsx'
import { Trouble } from '../shell/trouble.tsx'
import { count } from '../text/figures.ts'
import { Grid } from './grid.tsx'
import { type MatrixTables, tableName, tableText } from './releases.ts'

const ROWS = 15

export function Tables({ driver }: { driver: string }) {
  const { value, trouble, again } = useAnswer('/v1/compatibility/matrix', {})
  if (value === null)
    return trouble === null ? <p class="faint">Asking the server</p> : <Trouble text={trouble} onRetry={again} />
  // The document's own form is its README's; the API only hands it on.
  const { tables = {}, asOf = 'unknown' } = value as { asOf?: unknown; tables?: MatrixTables }
  return (
    <>
      <Grid tables={tables} driver={driver} />
      <Sources tables={tables} asOf={String(asOf)} />
    </>
  )
}

function Sources({ tables, asOf }: { tables: MatrixTables; asOf: string }) {
  const names = Object.keys(tables)
  const [name, setName] = useState(names[0] ?? '')
  const [words, setWords] = useState('')
  const [page, setPage] = useState(0)
  const { columns, rows } = useMemo(() => tableText(tables[name] ?? [], words), [tables, name, words])
  const shown = rows.slice(page * ROWS, (page + 1) * ROWS)
  return (
    <section class="card" aria-label="The tables">
      <div class="row spread">
        <h2>The tables</h2>
        <span class="small faint">as of {asOf}</span>
      </div>
      <div class="form-grid">
        <div class="field">
          <label for="table">Table</label>
          <select
            id="table"
            value={name}
            onChange={event => {
              setName(event.currentTarget.value)
              setPage(0)
            }}
          >
            {names.map(one => (
              <option key={one} value={one}>
                {`${tableName(one)} (${tables[one]?.length ?? 0})`}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="table-words">Rows with</label>
          <input
            id="table-words"
            type="search"
            value={words}
            placeholder="v100"
            onInput={event => {
              setWords(event.currentTarget.value)
              setPage(0)
            }}
          />
        </div>
      </div>
      <TableBox label={`Table ${tableName(name)}`}>
        <thead>
          <tr>
            {columns.map(column => (
              <th scope="col" key={column}>
                {tableName(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, at) => (
            <tr key={page * ROWS + at}>
              {row.map((text, column) => (
                <td key={columns[column]} class={columns[column] === 'source' ? 'small faint source' : ''}>
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </TableBox>
      <div class="row">
        <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
          Before
        </button>
        <button type="button" disabled={(page + 1) * ROWS >= rows.length} onClick={() => setPage(page + 1)}>
          Next
        </button>
        <span class="small faint">
          {rows.length === 0
            ? 'No row has these words.'
            : `${page * ROWS + 1}–${Math.min(rows.length, (page + 1) * ROWS)} of ${count(rows.length, 'row')}`}
        </span>
      </div>
    </section>
  )
}
