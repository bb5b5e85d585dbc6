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
 * cu12 and cuda12, which are any CUDA 12.
 */
export function parseWheelTag(tag: string): Dotted | null {
  const [, ofTorch, ofJax] = /^\+?(?:cu(\d{2,3})|cuda(\d{3}|[89]\d))$/i.exec(tag.trim()) ?? []
  const digits = ofTorch ?? ofJax
  return digits === undefined || isMajor(digits) ? null : joined(digits)
}

/** cuda9.2.148 and cuda112 within a build string of conda: 9.2.148 and 11.2. */
export function cudaOfBuildString(build: string): Dotted | null {
  const text = IN_BUILD.exec(build)?.[1]
  if (text === undefined || isMajor(text)) return null
  if (text.includes('.')) return parseDotted(text)
  return text.length === 2 || text.length === 3 ? joined(text) : null
}

/** 12 of *cuda12*, where any minor may follow. null: it names one, or none at all. */
export function cudaMajorOfBuildString(build: string): number | null {
  const text = IN_BUILD.exec(build)?.[1]
  return text !== undefined && isMajor(text) ? Number(text) : null
}

/** 12 of cu12, cuda12 and of names that end so (nvidia-cudnn-cu12, cupy-cuda12x). null: a minor is named, or no CUDA. */
export function cudaMajorOfTag(tag: string): number | null {
  const digits = /^\+?(?:cu|cuda)(\d\d)x?$/i.exec(tag.trim())?.[1]
  return digits !== undefined && isMajor(digits) ? Number(digits) : null
}

const IN_BUILD = /cuda_?(\d+(?:\.\d+)*)/i

/** 10 and more: CUDA 1.x was never written like this, and 9.2 is 92. */
const isMajor = (digits: string): boolean => /^1\d$/.test(digits)

const joined = (digits: string): Dotted => [Number(digits.slice(0, -1)), Number(digits.slice(-1))]
