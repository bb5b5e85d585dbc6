// Which classes are taken for which, how many of each are right, and pictures with what was made of them, the wrong ones first.
import * as Plot from '@observablehq/plot'
import type { Evaluation } from '@trotline/contracts'
import { useEffect, useRef } from 'preact/hooks'
import { contrast } from '../colour/contrast.ts'
import { GROUND, type Ground, seriesLook, TEXT } from '../colour/palette.ts'
import { ground } from '../shell/theme.ts'
import { count } from '../text/figures.ts'
import { PlotFigure } from './plot-figure.tsx'

type Classification = Extract<Evaluation, { kind: 'classification' }>
type Sample = Classification['samples'][number]

/** More classes than that are lines, not cells. */
const MOST_CELLS = 30
const MOST_SAMPLES = 24
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.0995 && share > 0 ? 1 : 0)} %`

export function ClassificationPlots({ evaluation }: { evaluation: Classification }) {
  const { classes, confusion, accuracy, rows, part, samples } = evaluation
  const on = ground.value
  const names = classes.map(one => one.name)
  const wrongFirst = [...samples].sort((a, b) => Number(a.true === a.predicted) - Number(b.true === b.predicted))
  const pictured = wrongFirst.filter(one => one.image !== null).slice(0, MOST_SAMPLES)
  const sorted = [...classes].sort((a, b) => (b.accuracy ?? -1) - (a.accuracy ?? -1))
  return (
    <>
      <div class="plots">
        {confusion !== null && confusion.length <= MOST_CELLS && (
          <PlotFigure
            name={`confusion ${on} ${rows}`}
            title="What is taken for what"
            sentence={`${percent(accuracy)} of ${count(rows, 'row')} of the ${part} part are right: those on the diagonal. Shares are of a true class.`}
            options={width => confusionOptions(confusion, names, width, on)}
          />
        )}
        <PlotFigure
          name={`classes ${on} ${rows}`}
          title="Right, by class"
          sentence="The best class first; with how many rows there are of each."
          options={width => ({
            width,
            height: 40 + 26 * Math.min(sorted.length, 40),
            marginLeft: 120,
            marginRight: 60,
            x: { label: 'right, %', domain: [0, 100], grid: true },
            y: { label: null },
            marks: [
              Plot.barX(sorted.slice(0, 40), {
                x: (one: { accuracy: number | null }) => 100 * (one.accuracy ?? 0),
                y: (one: { name: string; rows: number }) => one.name,
                fill: seriesLook(0, on).colour,
                sort: { y: null },
              }),
              Plot.text(sorted.slice(0, 40), {
                x: (one: { accuracy: number | null }) => 100 * (one.accuracy ?? 0),
                y: (one: { name: string }) => one.name,
                text: (one: { accuracy: number | null; rows: number }) =>
                  `${one.accuracy === null ? '–' : percent(one.accuracy)} of ${count(one.rows)}`,
                textAnchor: 'start',
                dx: 5,
                fill: TEXT[on],
                clip: false,
              }),
              Plot.ruleX([0]),
            ],
          })}
        />
      </div>
      {pictured.length > 0 && (
        <section class="card">
          <h2>Pictures and what was made of them</h2>
          <ul class="samples">
            {pictured.map(sample => (
              <li key={sample.row}>
                <SampleImage sample={sample} names={names} />
                <div class="small">
                  <span class={`state ${sample.true === sample.predicted ? 'state-completed' : 'state-failed'}`}>
                    <span aria-hidden="true">{sample.true === sample.predicted ? '✓' : '✕'}</span>
                    {names[sample.predicted]}
                  </span>
                  <div class="faint">{saidOf(sample, names)}</div>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function saidOf(sample: Sample, names: readonly string[]): string {
  const sure = sample.probabilities[sample.predicted]
  const truth = sample.true === sample.predicted ? '' : `is ${names[sample.true]}`
  return [truth, sure == null ? '' : `${percent(sure)} sure`].filter(Boolean).join(', ')
}

function confusionOptions(
  confusion: readonly (readonly number[])[],
  names: readonly string[],
  width: number,
  on: Ground,
): Plot.PlotOptions {
  const cells = confusion.flatMap((row, truth) => {
    const all = row.reduce((sum, rows) => sum + rows, 0)
    return row.map((rows, predicted) => ({
      truth: names[truth] ?? '',
      predicted: names[predicted] ?? '',
      rows,
      share: all === 0 ? 0 : rows / all,
    }))
  })
  // One hue, from the ground to the first series colour: more is darker on white and lighter on black.
  const shade = (share: number): string => mixed(GROUND[on], seriesLook(0, on).colour, share)
  return {
    width,
    height: Math.max(260, Math.min(width, 40 * names.length + 110)),
    marginLeft: 110,
    marginBottom: 90,
    padding: 0.04,
    x: { label: 'predicted', domain: [...names], tickRotate: -45 },
    y: { label: 'true', domain: [...names] },
    marks: [
      Plot.cell(cells, { x: 'predicted', y: 'truth', fill: (cell: { share: number }) => shade(cell.share) }),
      Plot.text(cells, {
        x: 'predicted',
        y: 'truth',
        text: (cell: { rows: number; share: number }) =>
          cell.rows === 0 ? '' : `${cell.rows}\n${percent(cell.share)}`,
        fill: (cell: { share: number }) =>
          contrast(TEXT.dark, shade(cell.share)) > contrast(TEXT.light, shade(cell.share)) ? TEXT.dark : TEXT.light,
        fontSize: names.length > 12 ? 8 : 10,
      }),
    ],
  }
}

function mixed(from: string, to: string, share: number): string {
  const part = (at: number): string => {
    const [a, b] = [Number.parseInt(from.slice(at, at + 2), 16), Number.parseInt(to.slice(at, at + 2), 16)]
    return Math.round(a + (b - a) * share)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${part(1)}${part(3)}${part(5)}`
}

function SampleImage({ sample, names }: { sample: Sample; names: readonly string[] }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { image } = sample
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || image === null) return
    const { width, height, channels } = image
    const pixels = Uint8Array.from(atob(image.pixels), letter => letter.charCodeAt(0))
    const drawn = context.createImageData(width, height)
    for (let at = 0; at < width * height; at++) {
      const grey = pixels[at * channels] ?? 0
      drawn.data[at * 4] = grey
      drawn.data[at * 4 + 1] = channels >= 3 ? (pixels[at * channels + 1] ?? 0) : grey
      drawn.data[at * 4 + 2] = channels >= 3 ? (pixels[at * channels + 2] ?? 0) : grey
      drawn.data[at * 4 + 3] = 255
    }
    context.putImageData(drawn, 0, 0)
  }, [image])
  if (image === null) return null
  return (
    <canvas
      ref={canvas}
      width={image.width}
      height={image.height}
      role="img"
      aria-label={`${names[sample.true]}, taken for ${names[sample.predicted]}`}
    />
  )
}
