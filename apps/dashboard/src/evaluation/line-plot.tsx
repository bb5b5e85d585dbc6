// The points, the line that was found, and the one that least squares find.
import * as Plot from '@observablehq/plot'
import type { Evaluation } from '@trotline/contracts'
import { FAINT, seriesLook } from '../colour/palette.ts'
import { ground } from '../shell/theme.ts'
import { figure } from '../text/figures.ts'
import { PlotFigure } from './plot-figure.tsx'

type Line = Extract<Evaluation, { kind: 'line' }>

export function LinePlot({ evaluation }: { evaluation: Line }) {
  const { training, validation, end, leastSquares } = evaluation
  const on = ground.value
  const pointsOf = ({ x, y }: Line['training'], part: string) => x.map((at, row) => ({ x: at, y: y[row] ?? 0, part }))
  const points = [...pointsOf(training, 'training'), ...pointsOf(validation, 'validation')]
  const xs = points.map(point => point.x)
  const ends = [Math.min(...xs), Math.max(...xs)]
  const lineOf = ({ a, b }: Line['end']) => (a === null || b === null ? [] : ends.map(x => ({ x, y: a + b * x })))
  const words = ({ a, b }: Line['end']): string =>
    a === null || b === null ? 'NaN, no line' : `y = ${figure(a)} + ${figure(b)} x`
  return (
    <div class="plots">
      <PlotFigure
        name={`line ${on} ${points.length} ${end.a} ${end.b}`}
        title="The line that was found"
        sentence={`Solid: ${words(end)}. Dashed, by least squares: ${words(leastSquares)}.`}
        options={width => ({
          width,
          height: Math.min(width, 420),
          grid: true,
          symbol: { legend: true },
          marks: [
            Plot.dot(points, { x: 'x', y: 'y', symbol: 'part', r: 3, stroke: FAINT[on] }),
            Plot.line(lineOf(end), { x: 'x', y: 'y', stroke: seriesLook(0, on).colour, strokeWidth: 2.5 }),
            Plot.line(lineOf(leastSquares), {
              x: 'x',
              y: 'y',
              stroke: seriesLook(1, on).colour,
              strokeDasharray: '6 5',
              strokeWidth: 2,
            }),
          ],
        })}
        table={() => ({
          heads: ['Part', 'x', 'y'],
          rows: points.map(point => [point.part, figure(point.x), figure(point.y)]),
        })}
      />
    </div>
  )
}
