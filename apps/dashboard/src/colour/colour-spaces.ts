// sRGB, its linear light, and CIELAB: what the sums about colours are made in.

export type Triple = readonly [number, number, number]

/** #RRGGBB -> 0 … 1 each. @throws TypeError for any other text */
export function parseColour(text: string): Triple {
  const [, r, g, b] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text) ?? []
  if (r === undefined || g === undefined || b === undefined) throw new TypeError(`${text} is not of the form #RRGGBB`)
  return [r, g, b].map(part => Number.parseInt(part, 16) / 255) as unknown as Triple
}

const each = (triple: Triple, f: (value: number) => number): Triple => [f(triple[0]), f(triple[1]), f(triple[2])]

export const multiply = (matrix: readonly [Triple, Triple, Triple], [x, y, z]: Triple): Triple =>
  matrix.map(row => row[0] * x + row[1] * y + row[2] * z) as unknown as Triple

/** IEC 61966-2-1. */
export const linearOf = (colour: Triple): Triple =>
  each(colour, value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))

/** Of linear light, as sRGB's primaries and D65 have it. */
const XYZ: readonly [Triple, Triple, Triple] = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
]
const D65: Triple = [0.95047, 1, 1.08883]

/** CIE 1976, from linear sRGB. L 0 … 100. */
export function labOf(linear: Triple): Triple {
  const [x, y, z] = multiply(XYZ, linear)
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116)
  const [fx, fy, fz] = [f(x / D65[0]), f(y / D65[1]), f(z / D65[2])]
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]
}
