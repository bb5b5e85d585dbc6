// What operators do to a cluster: pause it with a reason, let it go on, have its nodes looked at.
import type { Cluster, Whoami } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { ask, inWords, newKey } from '../api/ask.ts'
import { useAsked } from '../api/use-asked.ts'
import { Dialog } from '../shell/dialog.tsx'

export function OperateCluster({ cluster, onDone }: { cluster: Cluster; onDone: () => void }) {
  const { value: who } = useAsked<Whoami>('/v1/whoami')
  const [pausing, setPausing] = useState(false)
  const [why, setWhy] = useState('')
  const [said, setSaid] = useState<string | null>(null)
  if (who?.role !== 'operator') return null
  const tell = async (what: 'pause' | 'resume' | 'probe', body?: unknown): Promise<void> => {
    try {
      await ask(`/v1/clusters/${encodeURIComponent(cluster.name)}/${what}`, {
        method: 'POST',
        ...(body === undefined ? {} : { body }),
        headers: { 'idempotency-key': newKey() },
      })
      setSaid(what === 'probe' ? 'Short Slurm jobs look at a node of each kind.' : null)
      onDone()
    } catch (error) {
      setSaid(inWords(error))
    }
  }
  return (
    <div class="row">
      {cluster.paused === null ? (
        <button type="button" onClick={() => setPausing(true)}>
          Pause
        </button>
      ) : (
        <button type="button" class="primary" onClick={() => void tell('resume')}>
          Resume
        </button>
      )}
      <button type="button" onClick={() => void tell('probe')}>
        Look at its nodes
      </button>
      <span class="small" role="status">
        {said}
      </span>
      {pausing && (
        <Dialog title={`Pause ${cluster.name}?`} onClose={() => setPausing(false)}>
          <p>Jobs are accepted and none is submitted until it is resumed. What Slurm has already goes on.</p>
          <div class="field">
            <label for="why">Why (every waiting job shows it)</label>
            <input id="why" value={why} maxLength={500} onInput={event => setWhy(event.currentTarget.value)} />
          </div>
          <div class="row">
            <button type="button" onClick={() => setPausing(false)}>
              Leave it
            </button>
            <button
              type="button"
              class="primary"
              onClick={() => {
                setPausing(false)
                void tell('pause', { why })
              }}
            >
              Pause {cluster.name}
            </button>
          </div>
        </Dialog>
      )}
    </div>
  )
}
