// Which classes are taken for which, how many of each are right, and pictures with what was made of them, the wrong ones first.
import * as Plot from '@observablehq/plot'
import { useEffect, useRef } from 'preact/hooks'
import { contrast } from '../colour/contrast.ts'
import { GROUND, type Ground, seriesLook, TEXT } from '../colour/palette.ts'
import { FoldedTable } from '../shell/folded-table.tsx'
import { ground } from '../shell/theme.ts'
import { count } from '../text/figures.ts'
import { PlotFigure } from './plot-figure.tsx'
import {
  byAccuracy,
  type Cell,
  type Classification,
  cellsOf,
  mistakes,
  percent,
  type Sample,
  sampleText,
  worstText,
  wrongFirst,
} from './reading.ts'

/** More classes than that are lines, not cells. */
const MOST_CELLS = 30
const MOST_BARS = 40
const MOST_SAMPLES = 24
/** Of the plot's own type: what a class's name takes, about, and how much of one is drawn. */
const [LETTER_WIDTH, MOST_LETTERS] = [6.6, 18]

export function ClassificationPlots({ evaluation }: { evaluation: Classification }) {
  const { classes, confusion, accuracy, rows, part, samples } = evaluation
  const on = ground.value
  const names = classes.map(one => one.name)
  const sorted = byAccuracy(classes)
  const bars = sorted.slice(0, MOST_BARS)
  const pictured = wrongFirst(samples.filter(one => one.image !== null))
  const cells = confusion === null ? [] : cellsOf(confusion, names)
  const mark = `${on} ${rows} ${accuracy}`
  const right = `${percent(accuracy)} of ${count(rows, 'row')} of the ${part} part are right`
  const worst = worstText(cells)
  const cellTable = (some: readonly Cell[]) => ({
    heads: ['True', 'Predicted', 'Rows', 'Of the true class'],
    rows: some.map(cell => [cell.truth, cell.predicted, count(cell.rows), percent(cell.share)]),
  })
  return (
    <>
      <div class="plots">
        {confusion !== null && confusion.length <= MOST_CELLS ? (
          <PlotFigure
            name={`confusion ${mark}`}
            title="What is taken for what"
            sentence={`${right}: those on the diagonal. Shares are of a true class.${worst === null ? '' : ` ${worst}`}`}
            options={width => confusionOptions(cells, names, width, on)}
            table={() => cellTable(cells.filter(cell => cell.rows > 0))}
          />
        ) : (
          <section class="card">
            <h2>What is taken for what</h2>
            <p class="small faint">
              {right}. {worst ?? ''} {count(names.length, 'class', 'classes')} are too many for a picture of all pairs.
            </p>
            {confusion !== null && (
              <FoldedTable label="What is taken for what" table={() => cellTable(mistakes(cells, 500))} />
            )}
          </section>
        )}
        <PlotFigure
          name={`classes ${mark}`}
          title="Right, by class"
          sentence={`The best class first; with how many rows there are of each.${sorted.length > bars.length ? ` ${count(bars.length)} of ${count(sorted.length)} are drawn; the table has all.` : ''}`}
          options={width => ({
            width,
            height: 50 + 28 * bars.length,
            marginLeft: roomFor(names),
            marginRight: 96,
            x: { label: 'right, %', domain: [0, 100], grid: true, ticks: width < 420 ? 3 : 6 },
            y: { label: null, tickFormat: cut },
            marks: [
              Plot.barX(bars, {
                x: (one: { accuracy: number | null }) => 100 * (one.accuracy ?? 0),
                y: 'name',
                fill: seriesLook(0, on).colour,
                sort: { y: null },
              }),
              Plot.text(bars, {
                x: (one: { accuracy: number | null }) => 100 * (one.accuracy ?? 0),
                y: 'name',
                text: (one: { accuracy: number | null; rows: number }) =>
                  one.accuracy === null ? 'no rows' : `${percent(one.accuracy)} of ${count(one.rows)}`,
                textAnchor: 'start',
                dx: 5,
                fill: TEXT[on],
              }),
              Plot.ruleX([0]),
            ],
          })}
          table={() => ({
            heads: ['Class', 'Right', 'Rows'],
            rows: sorted.map(one => [one.name, one.accuracy === null ? '–' : percent(one.accuracy), count(one.rows)]),
          })}
        />
      </div>
      {pictured.length > 0 && (
        <section class="card">
          <h2>Pictures and what was made of them</h2>
          <p class="small faint">
            {count(pictured.filter(one => one.true !== one.predicted).length)} of {count(pictured.length)} kept pictures
            are taken for something else; they come first.
          </p>
          <ul class="samples">
            {pictured.slice(0, MOST_SAMPLES).map(sample => (
              <li key={sample.row}>
                <SampleImage sample={sample} text={sampleText(sample, names)} />
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
          <FoldedTable
            label="Pictures and what was made of them"
            table={() => ({
              heads: ['Row', 'What was made of it'],
              rows: pictured.map(sample => [count(sample.row + 1), sampleText(sample, names)]),
            })}
          />
        </section>
      )}
    </>
  )
}

function saidOf(sample: Sample, names: readonly string[]): string {
  const sure = sample.probabilities[sample.predicted]
  const truth = sample.true === sample.predicted ? '' : `is ${names[sample.true]}`
  const how = sample.probabilities.length === 0 ? '' : sure == null ? 'NaN sure' : `${percent(sure)} sure`
  return [truth, how].filter(Boolean).join(', ')
}

const cut = (name: string): string => (name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name)
const roomFor = (names: readonly string[]): number =>
  20 + LETTER_WIDTH * Math.max(4, ...names.map(name => Math.min(MOST_LETTERS, name.length)))

function confusionOptions(
  cells: readonly Cell[],
  names: readonly string[],
  width: number,
  on: Ground,
): Plot.PlotOptions {
  // One hue, from the ground to the first series colour: more is darker on white and lighter on black.
  const shade = (share: number): string => mixed(GROUND[on], seriesLook(0, on).colour, share)
  // The axis's own name stands left of the classes'.
  const left = roomFor(names) + 24
  const cellWidth = (width - left - 20) / Math.max(1, names.length)
  // Names that are wider than their column stand on end.
  const turned = Math.max(...names.map(name => name.length)) * LETTER_WIDTH > cellWidth
  const below = turned ? 34 + 0.8 * LETTER_WIDTH * Math.max(...names.map(name => cut(name).length)) : 40
  const cellHeight = Math.min(cellWidth, 84)
  return {
    width,
    height: 20 + below + Math.max(30, cellHeight) * names.length,
    marginLeft: left,
    marginBottom: below,
    padding: 0.04,
    x: { label: 'predicted', domain: [...names], tickRotate: turned ? -45 : 0, tickFormat: cut },
    y: { label: 'true', labelOffset: left - 10, domain: [...names], tickFormat: cut },
    marks: [
      Plot.cell(cells, { x: 'predicted', y: 'truth', fill: (cell: Cell) => shade(cell.share) }),
      // Too narrow a cell has its figures in the table only.
      ...(cellWidth < 30
        ? []
        : [
            Plot.text(cells, {
              x: 'predicted',
              y: 'truth',
              text: (cell: Cell) => (cell.rows === 0 ? '' : `${cell.rows}\n${percent(cell.share)}`),
              fill: (cell: Cell) =>
                contrast(TEXT.dark, shade(cell.share)) > contrast(TEXT.light, shade(cell.share))
                  ? TEXT.dark
                  : TEXT.light,
              fontSize: cellWidth < 44 ? 8 : 11,
            }),
          ]),
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

function SampleImage({ sample, text }: { sample: Sample; text: string }) {
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
  return <canvas ref={canvas} width={image.width} height={image.height} role="img" aria-label={text} />
}
