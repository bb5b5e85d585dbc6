// How a piece of a log looks, in one number: a cell of the screen costs eight bytes for it, and two looks are compared by ===.
// Of what a terminal can do this is SGR's colours, bold and underline; the rest is for whoever counts what was dropped.

export type StyleCode = number
export const PLAIN: StyleCode = 0

/** null: the ground's own. A palette index of 0 … 255, or a true colour. */
export type AnsiColour = { index: number } | { rgb: number }
export interface TextStyle {
  foreground: AnsiColour | null
  background: AnsiColour | null
  bold: boolean
  underline: boolean
  /** Stands for bytes that are no text: an invalid one, or a control character in the raw view. */
  marked: boolean
}

// A colour takes 25 bits: 0 none, 1 … 256 the palette, from 257 on 0xRRGGBB. Two of them and three flags are 53, all that a number has.
const TRUE_COLOUR = 257
const COLOUR_SPAN = 2 ** 25
const BOLD = 2 ** 50
const UNDERLINE = 2 ** 51
const MARKED = 2 ** 52

interface Parts {
  foreground: number
  background: number
  bold: boolean
  underline: boolean
}

const hasBit = (code: StyleCode, bit: number): boolean => Math.floor(code / bit) % 2 === 1
const partsOf = (code: StyleCode): Parts => ({
  foreground: code % COLOUR_SPAN,
  background: Math.floor(code / COLOUR_SPAN) % COLOUR_SPAN,
  bold: hasBit(code, BOLD),
  underline: hasBit(code, UNDERLINE),
})
const codeOf = ({ foreground, background, bold, underline }: Parts): StyleCode =>
  foreground + background * COLOUR_SPAN + (bold ? BOLD : 0) + (underline ? UNDERLINE : 0)

export const markedStyle = (code: StyleCode): StyleCode => (hasBit(code, MARKED) ? code : code + MARKED)

export function styleOf(code: StyleCode): TextStyle {
  const { foreground, background, bold, underline } = partsOf(code)
  const colour = (value: number): AnsiColour | null =>
    value === 0 ? null : value < TRUE_COLOUR ? { index: value - 1 } : { rgb: value - TRUE_COLOUR }
  return {
    foreground: colour(foreground),
    background: colour(background),
    bold,
    underline,
    marked: hasBit(code, MARKED),
  }
}

export type Sgr = (code: StyleCode, params: string) => { code: StyleCode; dropped: number }

/** A log repeats few sequences, mostly from the same look: each is read once. */
export function createSgr(): Sgr {
  const known = new Map<string, { from: StyleCode; code: StyleCode; dropped: number }>()
  return (code, params) => {
    if (params === '' || params === '0') return RESET
    const before = known.get(params)
    if (before?.from === code) return before
    if (known.size >= MOST_KNOWN) known.clear()
    const read = { from: code, ...applySgr(code, params) }
    known.set(params, read)
    return read
  }
}
const RESET = { code: PLAIN, dropped: 0 }
const MOST_KNOWN = 1024

/** ECMA-48 8.3.117, xterm's 256 and true colours with ';' or ':'. `dropped` counts what is not shown, such as blinking. */
function applySgr(code: StyleCode, params: string): { code: StyleCode; dropped: number } {
  const parts = partsOf(code)
  let dropped = 0
  const fields = params.split(';')
  for (let at = 0; at < fields.length; at++) {
    const [word = '', ...below] = (fields[at] ?? '').split(':')
    const value = Number(word)
    if (value === 38 || value === 48) {
      const read = below.length > 0 ? readColour(below, true) : readColour(fields.slice(at + 1, at + 5), false)
      if (read === null) return { code: codeOf(parts), dropped: dropped + 1 }
      parts[value === 38 ? 'foreground' : 'background'] = read.colour
      at += below.length > 0 ? 0 : read.taken
    } else if (!applyOne(parts, value, below)) dropped += 1
  }
  return { code: codeOf(parts), dropped }
}

function applyOne(parts: Parts, value: number, below: readonly string[]): boolean {
  if (value === 0) Object.assign(parts, { foreground: 0, background: 0, bold: false, underline: false })
  else if (value === 1) parts.bold = true
  else if (value === 22) parts.bold = false
  // 4:0 is none, 4:3 a curly one; 21 is a double one (ECMA-48), never "bold off".
  else if (value === 4) parts.underline = below[0] !== '0'
  else if (value === 21) parts.underline = true
  else if (value === 24) parts.underline = false
  else if (value === 39) parts.foreground = 0
  else if (value === 49) parts.background = 0
  else if (value >= 30 && value <= 37) parts.foreground = value - 29
  else if (value >= 40 && value <= 47) parts.background = value - 39
  else if (value >= 90 && value <= 97) parts.foreground = value - 81
  else if (value >= 100 && value <= 107) parts.background = value - 91
  else return false
  return true
}

/** What follows 38 or 48: 5;n or 2;r;g;b, with ':' also 2::r:g:b, where the colour space stands between. */
function readColour(fields: readonly string[], colons: boolean): { colour: number; taken: number } | null {
  const byte = (text: string | undefined): number | null => {
    const value = text === '' ? 0 : Number(text)
    return Number.isInteger(value) && value >= 0 && value <= 255 ? value : null
  }
  if (fields[0] === '5') {
    const index = byte(fields[1])
    return index === null ? null : { colour: index + 1, taken: 2 }
  }
  if (fields[0] !== '2') return null
  const first = colons && fields.length >= 5 ? 2 : 1
  const [red, green, blue] = [byte(fields[first]), byte(fields[first + 1]), byte(fields[first + 2])]
  if (red === null || green === null || blue === null) return null
  return { colour: TRUE_COLOUR + red * 65_536 + green * 256 + blue, taken: 4 }
}
