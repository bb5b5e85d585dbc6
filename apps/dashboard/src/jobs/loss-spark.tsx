// The loss in one line of the list. It is asked for when its row comes into view, and grows with what the list is told.
import type { JobSummary } from '@trotline/contracts'
import { useEffect, useRef } from 'preact/hooks'
import { sparkOf, trendText } from './loss-trend.ts'
import { tellTrend, trendOf, wantTrend } from './trend-store.ts'

const WIDTH = 88
const HEIGHT = 22
/** Room for the mark of a value that is no number. */
const PAD = 4

export function LossSpark({ row }: { row: JobSummary }) {
  const place = useRef<HTMLSpanElement>(null)
  const { points } = trendOf(row.id).value
  useEffect(() => tellTrend(row), [row.id, row.epochs, row.loss, row.lossNonFinite])
  const some = row.epochs > 1 && (row.loss !== null || row.lossNonFinite !== null)
  useEffect(() => {
    if (!some || place.current === null) return
    const seen = new IntersectionObserver(entries => entries.some(one => one.isIntersecting) && wantTrend(row.id))
    seen.observe(place.current)
    return () => seen.disconnect()
  }, [row.id, some])
  const text = trendText(points)
  const { path, bad } = sparkOf(points, WIDTH, HEIGHT, PAD)
  return (
    <span class="spark" ref={place}>
      {text !== null && (
        <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text}>
          <title>{text}</title>
          <path d={path} />
          {bad.map(x => (
            <path key={x} class="bad" d={`M${x - 4} 9h8l-4-7z`} />
          ))}
        </svg>
      )}
    </span>
  )
}
