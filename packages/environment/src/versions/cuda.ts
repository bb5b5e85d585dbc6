// CUDA versions as people, wheels and conda builds write them: 12.1, 12.1.1, 9.2.148, cu121, cuda118.
import { type Dotted, parseDotted } from './dotted.ts'

/** A minor at least: "12" names no release, and is null. */
export function parseCuda(text: string): Dotted | null {
  const version = parseDotted(text.trim().replace(/^(?:cuda[-_ ]?|v)(?=\d)/i, ''))
  return version !== null && version.length >= 2 && (version[0] ?? 0) < 100 ? version : null
}

/** "12", "cuda12": any CUDA 12. null: a minor is named, or it is none. */
export function parseCudaMajor(text: string): number | null {
  const digits = /^(?:cuda[-_ ]?|v)?(\d{1,2})$/i.exec(text.trim())?.[1]
  return digits === undefined ? null : Number(digits)
}

/**
 * cu121 of a wheel is 12.1, cu92 is 9.2; of JAX's old wheels cuda101 is 10.1. null: no minor is named, as in cpu, and in
 * cuda12, which is any CUDA 12.
 */
export function parseWheelTag(tag: string): Dotted | null {
  const [, ofTorch, ofJax] = /^\+?(?:cu(\d{2,3})|cuda(\d{3}|[89]\d))$/i.exec(tag.trim()) ?? []
  const digits = ofTorch ?? ofJax
  return digits === undefined ? null : joined(digits)
}

/** cuda9.2.148 and cuda112 within a build string of conda: 9.2.148 and 11.2. */
export function cudaOfBuildString(build: string): Dotted | null {
  const text = /cuda_?(\d+(?:\.\d+)*)/i.exec(build)?.[1]
  if (text === undefined) return null
  if (text.includes('.')) return parseDotted(text)
  return text.length === 2 || text.length === 3 ? joined(text) : null
}

const joined = (digits: string): Dotted => [Number(digits.slice(0, -1)), Number(digits.slice(-1))]
