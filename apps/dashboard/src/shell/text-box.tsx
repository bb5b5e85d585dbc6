// Text as it is, in a box that scrolls: reached by keys as well (WCAG 2.1.1).
import type { ComponentChildren } from 'preact'

export const TextBox = ({ children }: { children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
  <pre class="text" tabIndex={0}>
    {children}
  </pre>
)
