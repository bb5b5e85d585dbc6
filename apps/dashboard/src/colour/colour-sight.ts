// How colours look to people who lack one kind of cone, and how far apart two of them are then.
import { labOf, linearOf, multiply, parseColour, type Triple } from './colour-spaces.ts'

export const SIGHTS = ['normal', 'protan', 'deutan', 'tritan'] as const
export type Sight = (typeof SIGHTS)[number]

/** Of linear sRGB, severity 1. Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009. */
const SEEN: Readonly<Record<Exclude<Sight, 'normal'>, readonly [Triple, Triple, Triple]>> = {
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

function seen(colour: string, sight: Sight): Triple {
  const linear = linearOf(parseColour(colour))
  if (sight === 'normal') return linear
  return multiply(SEEN[sight], linear).map(value => Math.min(1, Math.max(0, value))) as unknown as Triple
}

/** CIEDE2000 of two colours as that sight has them; about 1 can just be told apart side by side. */
export const difference = (a: string, b: string, sight: Sight): number =>
  ciede2000(labOf(seen(a, sight)), labOf(seen(b, sight)))

const DEGREE = Math.PI / 180

/** Sharma, Wu, Dalal: The CIEDE2000 Color-Difference Formula, 2005; all weights 1. */
export function ciede2000([l1, a1, b1]: Triple, [l2, a2, b2]: Triple): number {
  const meanC = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2
  const g = 0.5 * (1 - Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7)))
  const [a1p, a2p] = [(1 + g) * a1, (1 + g) * a2]
  const [c1, c2] = [Math.hypot(a1p, b1), Math.hypot(a2p, b2)]
  const hue = (b: number, a: number): number => (a === 0 && b === 0 ? 0 : (Math.atan2(b, a) / DEGREE + 360) % 360)
  const [h1, h2] = [hue(b1, a1p), hue(b2, a2p)]
  const grey = c1 * c2 === 0
  const apart = h2 - h1
  const dh = grey ? 0 : Math.abs(apart) <= 180 ? apart : apart > 180 ? apart - 360 : apart + 360
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin((dh / 2) * DEGREE)
  const [dL, dC] = [l2 - l1, c2 - c1]
  const [meanL, meanCp] = [(l1 + l2) / 2, (c1 + c2) / 2]
  const sum = h1 + h2
  const meanH = grey ? sum : Math.abs(apart) <= 180 ? sum / 2 : sum < 360 ? (sum + 360) / 2 : (sum - 360) / 2
  const t =
    1 -
    0.17 * Math.cos((meanH - 30) * DEGREE) +
    0.24 * Math.cos(2 * meanH * DEGREE) +
    0.32 * Math.cos((3 * meanH + 6) * DEGREE) -
    0.2 * Math.cos((4 * meanH - 63) * DEGREE)
  const sL = 1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2)
  const sC = 1 + 0.045 * meanCp
  const sH = 1 + 0.015 * meanCp * t
  const rC = 2 * Math.sqrt(meanCp ** 7 / (meanCp ** 7 + 25 ** 7))
  const rT = -rC * Math.sin(60 * Math.exp(-(((meanH - 275) / 25) ** 2)) * DEGREE)
  return Math.sqrt((dL / sL) ** 2 + (dC / sC) ** 2 + (dH / sH) ** 2 + rT * (dC / sC) * (dH / sH))
}
