// What a request says under environment.spec, read as an environment.yml, for a judgement before it is solved.
import { type EnvironmentSpec, readSpec } from '@trotline/environment'

/** As text or as object; a text answers why it cannot be read, with its place where there is one. */
export function readEnvironmentSpec(written: string | Record<string, unknown>): EnvironmentSpec | string {
  const reading = readSpec(written)
  if (reading.ok) return reading.value
  return reading.findings
    .slice(0, MOST)
    .map(({ detail, line }) => (line === null ? detail : `${detail} (Line ${line}.)`))
    .join(' ')
}

const MOST = 3
