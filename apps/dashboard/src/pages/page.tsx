// What all pages have: a title for the window, a main part that takes the focus when one comes to it.
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'

export function Page({ title, children }: { title: string; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Trotline`
  }, [title])
  return (
    <main tabIndex={-1} aria-label={title}>
      {children}
    </main>
  )
}
