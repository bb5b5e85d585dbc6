// Copies a text and says so where the button is.
import { useState } from 'preact/hooks'

export function CopyButton({ text, name = 'Copy' }: { text: string; name?: string }) {
  const [said, setSaid] = useState(name)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      setSaid('The browser does not allow it')
    }
    setTimeout(() => setSaid(name), 2_000)
  }
  return (
    <button type="button" onClick={() => void copy()}>
      {said}
    </button>
  )
}
