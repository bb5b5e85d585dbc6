// A chart as a picture that still says what it is when it hangs somewhere else: title, axes, what each line is, and the date.
import type uPlot from 'uplot'
import { FAINT, GROUND, type Ground, TEXT } from '../colour/palette.ts'

export interface Caption {
  title: string
  /** Below the title. */
  subtitle: string
  x: string
  y: string
  lines: readonly { name: string; colour: string; dash: readonly number[] }[]
  ground: Ground
}

const [MARGIN, HEAD, FOOT, SIDE, LINE] = [16, 34, 62, 22, 16]
const MOST_LINES = 4
const FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'

/** @throws where the browser has no room for it */
export async function pngOf(chart: uPlot, { title, subtitle, x, y, lines, ground }: Caption): Promise<Blob> {
  const drawn = chart.ctx.canvas
  const unit = drawn.width / Math.max(1, chart.width)
  const canvas = document.createElement('canvas')
  const ctx = canvas.getContext('2d')
  if (ctx === null) throw new Error('The browser draws no pictures.')
  ctx.font = `12px ${FAMILY}`
  const told = wrapped(subtitle, text => ctx.measureText(text).width, chart.width + SIDE)
  const head = HEAD + told.length * LINE
  canvas.width = drawn.width + (2 * MARGIN + SIDE) * unit
  canvas.height = drawn.height + (head + FOOT + 2 * MARGIN) * unit
  ctx.fillStyle = GROUND[ground]
  ctx.fillRect(0, 0, canvas.width, canvas.height)
  ctx.scale(unit, unit)
  const [width, height] = [canvas.width / unit, canvas.height / unit]
  ctx.fillStyle = TEXT[ground]
  ctx.font = `600 17px ${FAMILY}`
  ctx.fillText(title, MARGIN, MARGIN + 18, width - 2 * MARGIN)
  ctx.fillStyle = FAINT[ground]
  ctx.font = `12px ${FAMILY}`
  for (const [at, line] of told.entries()) ctx.fillText(line, MARGIN, MARGIN + 38 + at * LINE)
  ctx.drawImage(drawn, MARGIN + SIDE, MARGIN + head, chart.width, chart.height)
  const below = MARGIN + head + chart.height + 14
  ctx.textAlign = 'center'
  ctx.fillText(x, MARGIN + SIDE + chart.width / 2, below)
  ctx.save()
  ctx.translate(MARGIN + 12, MARGIN + head + chart.height / 2)
  ctx.rotate(-Math.PI / 2)
  ctx.fillText(y, 0, 0)
  ctx.restore()
  ctx.textAlign = 'start'
  let left = MARGIN + SIDE
  for (const { name, colour, dash } of lines) {
    ctx.strokeStyle = colour
    ctx.lineWidth = 2.5
    ctx.setLineDash([...dash])
    ctx.beginPath()
    ctx.moveTo(left, below + 24)
    ctx.lineTo(left + 26, below + 24)
    ctx.stroke()
    ctx.fillStyle = TEXT[ground]
    ctx.fillText(name, left + 32, below + 28)
    left += 32 + ctx.measureText(name).width + 20
  }
  ctx.fillStyle = FAINT[ground]
  ctx.textAlign = 'end'
  ctx.fillText(new Date().toISOString().replace(/\.\d+Z$/, 'Z'), width - MARGIN, height - MARGIN)
  return new Promise((done, failed) =>
    canvas.toBlob(blob => (blob === null ? failed(new Error('The picture is too large.')) : done(blob)), 'image/png'),
  )
}

/** Words in lines that fit; what there is no room for ends in dots. */
function wrapped(text: string, widthOf: (text: string) => number, room: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && widthOf(`${last} ${word}`) <= room) lines[lines.length - 1] = `${last} ${word}`
    else if (lines.length === MOST_LINES) {
      lines[MOST_LINES - 1] = `${last} …`
      break
    } else lines.push(word)
  }
  return lines
}
