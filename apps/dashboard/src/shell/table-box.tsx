// A table in a box of its own: where it is wider than the page, the box scrolls and not the page, also by keys.
import type { ComponentChildren } from 'preact'

export const TableBox = ({ label, children }: { label: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys (WCAG 2.1.1)
  <section class="box" tabIndex={0} aria-label={label}>
    <table>
      <caption class="unseen">{label}</caption>
      {children}
    </table>
  </section>
)
