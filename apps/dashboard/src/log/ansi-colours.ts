// The colours that a log asks for, as they can be read: the hue is kept, the lightness moves until WCAG's 4.5 is reached.
import { contrast } from '../colour/contrast.ts'
import { GROUND, type Ground, TEXT } from '../colour/palette.ts'
import type { AnsiColour, TextStyle } from './style-code.ts'

const READABLE = 4.5

/** xterm's first sixteen. */
const SIXTEEN = [
  0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00,
  0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
] as const
const CUBE = [0, 95, 135, 175, 215, 255] as const

/** 0xRRGGBB of xterm's 256. */
function paletteColour(index: number): number {
  if (index < 16) return SIXTEEN[index] ?? 0
  if (index >= 232) return (8 + (index - 232) * 10) * 0x01_01_01
  const step = (size: number): number => CUBE[Math.floor((index - 16) / size) % 6] ?? 0
  return step(36) * 65_536 + step(6) * 256 + step(1)
}

const hex = (rgb: number): string => `#${rgb.toString(16).padStart(6, '0')}`
const rgbOf = (colour: AnsiColour): number => ('rgb' in colour ? colour.rgb : paletteColour(colour.index))

/** A log of random true colours would fill it without end. */
const MOST_REMEMBERED = 4096
const remembered = new Map<string, string>()

/** #rrggbb for text and what is behind it; null: the ground's own. Whatever comes out can be read on it. */
export function coloursOf(
  { foreground, background }: Pick<TextStyle, 'foreground' | 'background'>,
  ground: Ground,
): { text: string | null; behind: string | null } {
  const behind = background === null ? null : hex(rgbOf(background))
  const under = behind ?? GROUND[ground]
  if (foreground === null) return { text: behind === null ? null : readable(TEXT[ground], under), behind }
  return { text: readable(hex(rgbOf(foreground)), under), behind }
}

function readable(colour: string, under: string): string {
  const key = colour + under
  const known = remembered.get(key)
  if (known !== undefined) return known
  if (remembered.size >= MOST_REMEMBERED) remembered.clear()
  const made = contrast(colour, under) >= READABLE ? colour : moved(colour, under)
  remembered.set(key, made)
  return made
}

/** Towards black or white, whichever can be told from what is under it, and no further than needed. */
function moved(colour: string, under: string): string {
  const goal = contrast('#000000', under) >= contrast('#ffffff', under) ? 0 : 255
  let [near, far] = [0, 1]
  for (let step = 0; step < 8; step++) {
    const share = (near + far) / 2
    if (contrast(mixed(colour, goal, share), under) >= READABLE) far = share
    else near = share
  }
  return mixed(colour, goal, far)
}

function mixed(colour: string, goal: number, share: number): string {
  const part = (at: number): number => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16)
    return Math.round(value + (goal - value) * share)
  }
  return hex(part(1) * 65_536 + part(3) * 256 + part(5))
}
