// Can it be read: the contrast of WCAG 2.2 (1.4.3 text, 4.5; 1.4.11 graphics, 3).
import { linearOf, parseColour } from './colour-spaces.ts'

/** Relative luminance, 0 … 1. */
function luminance(colour: string): number {
  const [r, g, b] = linearOf(parseColour(colour))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** 1 … 21, of #RRGGBB. */
export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((one, other) => other - one) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}
