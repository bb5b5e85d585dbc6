// A plot with its title, its sentence, and its figures as a table for whoever would rather read.
import * as Plot from '@observablehq/plot'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { type FigureTable, FoldedTable } from '../shell/folded-table.tsx'

interface FigureProps {
  title: string
  sentence: string
  /** Another text: another plot. */
  name: string
  options: (width: number) => Plot.PlotOptions
  /** Made when somebody opens it. */
  table: () => FigureTable
}

const LEAST_WIDTH = 220

export function PlotFigure({ title, sentence, name, options, table }: FigureProps) {
  const room = useRef<HTMLDivElement>(null)
  // `name` tells when it is another plot.
  useLayoutEffect(() => {
    const { current: into } = room
    if (!into) return
    const draw = (): void => {
      const plot = Plot.plot({
        // While it is laid out it may have no room yet; it is drawn again when it has.
        ...options(Math.max(LEAST_WIDTH, into.clientWidth)),
        className: 'plot',
        ariaLabel: title,
        ariaDescription: sentence,
      })
      // The page allows no style element but its own files; page.css has what this one says.
      plot.querySelector('style')?.remove()
      plot.setAttribute('role', 'img')
      // Groups are no parts that have names (ARIA 1.2); the whole has one.
      for (const part of plot.querySelectorAll('g[aria-label]')) part.removeAttribute('aria-label')
      into.replaceChildren(plot)
    }
    draw()
    let width = into.clientWidth
    const watching = new ResizeObserver(() => {
      if (into.clientWidth === width || into.clientWidth === 0) return
      width = into.clientWidth
      draw()
    })
    watching.observe(into)
    return () => watching.disconnect()
  }, [name])
  return (
    <figure class="figure card">
      <figcaption>
        <h2>{title}</h2>
        <p class="small faint">{sentence}</p>
      </figcaption>
      <div ref={room} />
      <FoldedTable label={title} table={table} />
    </figure>
  )
}
