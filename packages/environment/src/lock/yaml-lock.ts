// What conda-lock's and pixi's files have in common: YAML of other people's making. Fields that no lock of ours has (licenses,
// times, purls) are passed over, since those formats grow with every release; what is read is held to its form.
import { LOCK_LIMITS } from '@trotline/contracts'
import { stringify } from 'yaml'
import { z } from 'zod'
import { placed, type Reading, refused } from '../reading.ts'
import { readYaml, type YamlText } from '../yaml-text.ts'

/** Deep enough for run_exports of pixi. */
const DEPTH = 12

export const lockYaml = (text: string, what: string): Reading<YamlText> =>
  readYaml(text, what, { ...LOCK_LIMITS, depth: DEPTH })

/**
 * Strings in quotes: a version such as 0.10 or 1_2 and an md5 of digits alone stay text for readers of YAML 1.1 (conda-lock's)
 * and 1.2 alike.
 */
export const yamlText = (value: unknown): string =>
  stringify(value, {
    version: '1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
    defaultStringType: 'QUOTE_SINGLE',
    defaultKeyType: 'PLAIN',
  })

/** What a schema found wrong, in sentences with places. */
export function held<T>(schema: z.ZodType<T>, { value, placeOf }: YamlText, what: string): Reading<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return { ok: true, value: parsed.data, notes: [] }
  return refused(
    parsed.error.issues.map(issue => {
      const pointer = issue.path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
      return placed(
        { detail: `${pointer === '' ? what : pointer.slice(1).replaceAll('/', '.')}: ${issue.message}.` },
        pointer,
        placeOf(pointer),
      )
    }),
  )
}

/** Numbers are text, as all of the file is. */
export const WholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'is not a whole number')
  .transform(Number)

/** torch_geometric and Torch.Geometric are torch-geometric (PEP 503). */
export const pipName = (name: string): string => name.toLowerCase().replace(/[._-]+/g, '-')
