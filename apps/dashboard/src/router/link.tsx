// A link inside the page: an ordinary one, so that it opens in a new tab, copies and reads aloud as links do.
import type { ComponentChildren } from 'preact'
import { go } from './place.ts'

interface LinkProps {
  href: string
  children: ComponentChildren
  class?: string
  current?: boolean
  label?: string
}

export function Link({ href, children, class: name, current = false, label }: LinkProps) {
  const open = (event: MouseEvent): void => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return
    event.preventDefault()
    go(href)
  }
  return (
    <a href={href} class={name} onClick={open} aria-current={current ? 'page' : undefined} aria-label={label}>
      {children}
    </a>
  )
}
