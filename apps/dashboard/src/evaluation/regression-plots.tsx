// True against predicted, with the diagonal on which both agree, and how large the errors are.
import * as Plot from '@observablehq/plot'
import { seriesLook, TEXT } from '../colour/palette.ts'
import { ground } from '../shell/theme.ts'
import { count, figure } from '../text/figures.ts'
import { PlotFigure } from './plot-figure.tsx'
import { pairRows, pairsOf, pairsText, type Regression } from './reading.ts'

export function RegressionPlots({ evaluation }: { evaluation: Regression }) {
  const { outputs } = evaluation
  const on = ground.value
  return (
    <div class="plots">
      {outputs.map((output, at) => {
        const { errors } = output
        const of = outputs.length > 1 ? `, output ${at + 1}` : ''
        const pairs = pairsOf(output)
        const all = pairs.points.flatMap(point => [point.truth, point.predicted])
        const ends: [number, number] = all.length === 0 ? [0, 1] : [least(all), most(all)]
        const mark = `${on} ${evaluation.rows} ${pairs.points.length} ${pairs.meanError}`
        return [
          pairs.points.length > 0 ? (
            <PlotFigure
              key={`pairs ${at}`}
              name={`pairs ${at} ${mark}`}
              title={`True against predicted${of}`}
              sentence={pairsText(pairs, evaluation)}
              options={width => ({
                width: Math.min(width, 520),
                // One step is as long on both axes: the diagonal has 45 degrees.
                aspectRatio: 1,
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
                  Plot.dot(pairs.points, {
                    x: 'truth',
                    y: 'predicted',
                    r: 3,
                    fill: seriesLook(0, on).colour,
                    fillOpacity: 0.65,
                  }),
                ],
              })}
              table={() => ({ heads: ['Row', 'True', 'Predicted', 'Predicted − true'], rows: pairRows(output) })}
            />
          ) : (
            <p class="card" key={`pairs ${at}`}>
              {pairsText(pairs, evaluation)}
            </p>
          ),
          errors !== null ? (
            <PlotFigure
              key={`errors ${at}`}
              name={`errors ${at} ${mark} ${errors.counts.join()}`}
              title={`Errors${of}`}
              sentence="Predicted less true, of all rows. Left of the line at zero it says too little, right of it too much."
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
              table={() => ({
                heads: ['From', 'To', 'Rows'],
                rows: errors.counts.map((rows, bin) => [
                  figure(errors.edges[bin] ?? 0),
                  figure(errors.edges[bin + 1] ?? 0),
                  count(rows),
                ]),
              })}
            />
          ) : (
            <p class="card" key={`errors ${at}`}>
              Errors have no histogram: one of them is NaN or infinite.
            </p>
          ),
        ]
      })}
    </div>
  )
}

// Of 20,000 numbers: more than a call takes as its arguments everywhere.
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b))
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b))
