// Rerun: the same request with the same pins, as another job.
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { go } from '../router/place.ts'

export function RerunButton({ id, onTrouble }: { id: string; onTrouble: (text: string | null) => void }) {
  const [busy, setBusy] = useState(false)
  const rerun = async (): Promise<void> => {
    setBusy(true)
    onTrouble(null)
    try {
      const { data: made } = await client.post('/v1/jobs/{id}/rerun', { path: { id }, body: {} })
      go(`/jobs/${made.id}`)
    } catch (error) {
      onTrouble(`Not rerun. ${inWords(error)}`)
    } finally {
      setBusy(false)
    }
  }
  return (
    <button type="button" disabled={busy} onClick={() => void rerun()} title="The same request with the same pins">
      Rerun
    </button>
  )
}
