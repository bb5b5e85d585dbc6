// True against predicted, with the diagonal on which both agree, and how large the errors are.
import * as Plot from '@observablehq/plot'
import type { Evaluation } from '@trotline/contracts'
import { seriesLook, TEXT } from '../colour/palette.ts'
import { ground } from '../shell/theme.ts'
import { count, shortFigure } from '../text/figures.ts'
import { PlotFigure } from './plot-figure.tsx'

type Regression = Extract<Evaluation, { kind: 'regression' }>

export function RegressionPlots({ evaluation }: { evaluation: Regression }) {
  const { outputs, part, rows } = evaluation
  const on = ground.value
  return (
    <div class="plots">
      {outputs.map(({ pairs, errors }, at) => {
        const of = outputs.length > 1 ? `, output ${at + 1}` : ''
        const points = pairs.true.flatMap((truth, row) => {
          const predicted = pairs.predicted[row]
          return truth === null || predicted == null ? [] : [{ truth, predicted }]
        })
        const all = points.flatMap(point => [point.truth, point.predicted])
        const ends: [number, number] = [Math.min(...all), Math.max(...all)]
        const mean =
          points.reduce((sum, one) => sum + Math.abs(one.predicted - one.truth), 0) / Math.max(1, points.length)
        return [
          <PlotFigure
            key={`pairs ${at}`}
            name={`pairs ${at} ${on} ${points.length}`}
            title={`True against predicted${of}`}
            sentence={`${count(rows, 'row')} of the ${part} part; a prediction is off by ${shortFigure(mean)} on average. On the line both agree.`}
            options={width => ({
              width,
              height: Math.min(width, 420),
              grid: true,
              x: { label: 'true', domain: ends, nice: true },
              y: { label: 'predicted', domain: ends, nice: true },
              marks: [
                Plot.link([0], {
                  x1: ends[0],
                  y1: ends[0],
                  x2: ends[1],
                  y2: ends[1],
                  stroke: TEXT[on],
                  strokeDasharray: '4 4',
                }),
                Plot.dot(points, {
                  x: 'truth',
                  y: 'predicted',
                  r: 3,
                  fill: seriesLook(0, on).colour,
                  fillOpacity: 0.65,
                }),
              ],
            })}
          />,
          errors !== null && (
            <PlotFigure
              key={`errors ${at}`}
              name={`errors ${at} ${on} ${errors.counts.length}`}
              title={`Errors${of}`}
              sentence="Predicted less true, of all rows. Left of zero it says too little, right of it too much."
              options={width => ({
                width,
                height: Math.min(width, 420),
                x: { label: 'predicted − true' },
                y: { label: 'rows', grid: true },
                marks: [
                  Plot.rectY(
                    errors.counts.map((rows, bin) => ({
                      rows,
                      from: errors.edges[bin] ?? 0,
                      to: errors.edges[bin + 1] ?? 0,
                    })),
                    { x1: 'from', x2: 'to', y: 'rows', fill: seriesLook(0, on).colour, inset: 0.5 },
                  ),
                  Plot.ruleX([0], { stroke: seriesLook(1, on).colour, strokeWidth: 2 }),
                  Plot.ruleY([0]),
                ],
              })}
            />
          ),
        ]
      })}
    </div>
  )
}
