// What operators do to a cluster: pause it with a reason, let it go on, have its nodes looked at.
import type { Cluster } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { Dialog } from '../shell/dialog.tsx'

export function OperateCluster({ cluster, onDone }: { cluster: Cluster; onDone: () => void }) {
  const [pausing, setPausing] = useState(false)
  const [why, setWhy] = useState('')
  const [said, setSaid] = useState<string | null>(null)
  const path = { name: cluster.name }
  const tell = async (what: 'pause' | 'resume' | 'probe'): Promise<void> => {
    try {
      if (what === 'pause') await client.post('/v1/clusters/{name}/pause', { path, body: { why } })
      else if (what === 'resume') await client.post('/v1/clusters/{name}/resume', { path })
      else await client.post('/v1/clusters/{name}/probe', { path })
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
                void tell('pause')
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
