// On a job's page: told when it ends, or not. Off until somebody asks.
import { useState } from 'preact/hooks'
import { awaitEnd, awaited, permissionText } from './awaited.ts'

export function AwaitButton({ id }: { id: string }) {
  const [said, setSaid] = useState<string | null>(null)
  const on = awaited.value.includes(id)
  const toggle = async (): Promise<void> => {
    const now = await awaitEnd(id, !on)
    setSaid(now === on ? (permissionText() ?? 'The browser was not allowed to tell.') : null)
  }
  return (
    <>
      <button
        type="button"
        aria-pressed={on}
        onClick={() => void toggle()}
        title="A notification of the browser when it ends and this page is not looked at"
      >
        Tell me when it ends
      </button>
      {said !== null && (
        <span class="small" role="status">
          {said}
        </span>
      )}
    </>
  )
}
