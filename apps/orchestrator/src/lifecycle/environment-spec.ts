// What of an environment.yml decides on which hardware it runs: its channels and its dependencies. Environments are not made yet, so
// nothing else of it is read.
import type { EnvironmentSpec } from '@trotline/environment'
import { parse } from 'yaml'
import { z } from 'zod'

const MOST = 1000
const Line = z.string().max(500)
const Spec = z.object({
  channels: z.array(Line).max(100).default([]),
  dependencies: z.array(z.union([Line, z.object({ pip: z.array(Line).max(MOST) })])).max(MOST),
})

/** As text or as object; a text answers why it cannot be read. */
export function readEnvironmentSpec(written: string | Record<string, unknown>): EnvironmentSpec | string {
  let raw: unknown = written
  try {
    if (typeof written === 'string') raw = parse(written, { maxAliasCount: 100 })
  } catch (error) {
    return `it is not YAML: ${String(error).split('\n')[0]}`
  }
  const parsed = Spec.safeParse(raw)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'has another form'}`
}
