// For operators: which environments of a cluster no job has used for long, and taking them away. Nothing goes without having been shown.
import type { Collection } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { Age } from '../job/age.tsx'
import { Dialog } from '../shell/dialog.tsx'
import { TableBox } from '../shell/table-box.tsx'
import { count, size } from '../text/figures.ts'

export function CollectEnvironments({ cluster }: { cluster: string }) {
  const [days, setDays] = useState('')
  const [found, setFound] = useState<Collection | null>(null)
  const [sure, setSure] = useState(false)
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState<string | null>(null)
  const unused = days.trim() === '' ? undefined : Number(days)

  const collect = async (dryRun: boolean, unusedDays: number | undefined): Promise<void> => {
    setBusy(true)
    setSaid(null)
    setSure(false)
    try {
      const path = { name: cluster }
      const { data } = await client.post('/v1/clusters/{name}/environments/collect', {
        path,
        body: { dryRun, unusedDays },
      })
      setFound(data)
    } catch (error) {
      setSaid(inWords(error))
    } finally {
      setBusy(false)
    }
  }
  const goes = found?.items.filter(one => one.outcome === 'would be removed') ?? []
  return (
    <details>
      <summary>Environments that nobody uses</summary>
      <div class="panel">
        <div class="row">
          <label class="check" for={`days-${cluster}`}>
            Unused for days
          </label>
          <input
            id={`days-${cluster}`}
            class="short"
            type="text"
            inputMode="numeric"
            placeholder="as configured"
            value={days}
            onInput={event => setDays(event.currentTarget.value)}
          />
          <button type="button" disabled={busy} onClick={() => void collect(true, unused)}>
            {busy ? 'Asking the server' : 'Show what would go'}
          </button>
          {goes.length > 0 && (
            <button type="button" class="danger" disabled={busy} onClick={() => setSure(true)}>
              Remove {count(goes.length, 'environment')}
            </button>
          )}
          <span class="small" role="status">
            {said ?? (found === null ? '' : textOf(found))}
          </span>
        </div>
        {found !== null && found.items.length > 0 && (
          <TableBox label={`Environments on ${cluster} that were looked at`}>
            <thead>
              <tr>
                <th scope="col">Environment</th>
                <th scope="col">Last used</th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col">What becomes of it</th>
              </tr>
            </thead>
            <tbody>
              {found.items.map(one => (
                <tr key={one.lock}>
                  <td>
                    {one.names.join(', ')}
                    <div class="mono small faint">{one.lock.slice(0, 12)}</div>
                  </td>
                  <td>{one.lastUsedAt === null ? 'never' : <Age at={one.lastUsedAt} />}</td>
                  <td class="number">{one.bytes === null ? '?' : size(one.bytes)}</td>
                  <td>{one.outcome}</td>
                </tr>
              ))}
            </tbody>
          </TableBox>
        )}
      </div>
      {sure && (
        <Dialog title={`Remove ${count(goes.length, 'environment')} from ${cluster}?`} onClose={() => setSure(false)}>
          <p>
            {goes.map(one => one.names[0] ?? one.lock.slice(0, 12)).join(', ')}. Their locks stay here: a job that needs
            one makes it again.
          </p>
          <div class="row">
            <button type="button" onClick={() => setSure(false)}>
              Keep them
            </button>
            <button type="button" class="danger primary" onClick={() => void collect(false, found?.unusedDays)}>
              Remove {count(goes.length, 'environment')}
            </button>
          </div>
        </Dialog>
      )}
    </details>
  )
}

function textOf({ items, dryRun, unusedDays, bytes }: Collection): string {
  const days = count(unusedDays, 'day')
  if (items.length === 0) return `Nothing has been unused for ${days}.`
  return dryRun ? `Unused for ${days}: ${size(bytes)} would be free.` : `${size(bytes)} are free.`
}
