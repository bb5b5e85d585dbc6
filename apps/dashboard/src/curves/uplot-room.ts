// Keeps a uPlot in an element: made anew where its make is another, its data replaced at most four times a second, as wide as its room.
import 'uplot/dist/uPlot.min.css'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'

/** Four a second, and none while nobody looks: a hidden page has no animation frames. */
const DRAW_EVERY_MS = 250

interface Room {
  /** Another text: another chart. */
  make: string
  height: number
  optionsOf: (size: { width: number; height: number }) => uPlot.Options
  dataOf: () => uPlot.AlignedData
  /** Another object: other data. */
  data: unknown
}

export function useUplot({ make, height, optionsOf, dataOf, data }: Room) {
  const room = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const newest = useRef(dataOf)
  newest.current = dataOf
  useLayoutEffect(() => {
    const { current: into } = room
    if (!into) return
    const made = new uPlot(optionsOf({ width: into.clientWidth, height }), newest.current(), into)
    made.root.setAttribute('aria-hidden', 'true')
    chart.current = made
    const watching = new ResizeObserver(() => {
      if (into.clientWidth > 0) made.setSize({ width: into.clientWidth, height })
    })
    watching.observe(into)
    return () => {
      watching.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [make, height])

  const drawnAt = useRef(0)
  useEffect(() => {
    const wait = Math.max(0, drawnAt.current + DRAW_EVERY_MS - performance.now())
    const timer = setTimeout(() => {
      requestAnimationFrame(() => {
        drawnAt.current = performance.now()
        chart.current?.setData(newest.current())
      })
    }, wait)
    return () => clearTimeout(timer)
  }, [data])
  return { room, chart }
}
