// A plot with its title, its sentence, and its figures as a table for whoever would rather read.
import * as Plot from '@observablehq/plot'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

interface FigureProps {
  title: string
  sentence: string
  /** Another text: another plot. */
  name: string
  options: (width: number) => Plot.PlotOptions
  children?: ComponentChildren
}

export function PlotFigure({ title, sentence, name, options, children }: FigureProps) {
  const room = useRef<HTMLDivElement>(null)
  // `name` tells when it is another plot.
  useLayoutEffect(() => {
    const { current: into } = room
    if (!into) return
    const draw = (): void => {
      const plot = Plot.plot({
        ...options(into.clientWidth),
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
      {children}
    </figure>
  )
}
