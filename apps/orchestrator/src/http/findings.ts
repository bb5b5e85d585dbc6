// zod's issues as findings that point at the field and say what is wanted there; an unknown field is refused by name,
// with the known one that it looks like.
import type { Finding } from '@trotline/contracts'
import { closest, distance } from 'fastest-levenshtein'
import type { z } from 'zod'

type Place = 'body' | 'querystring' | 'params' | 'headers'
type Issue = z.core.$ZodIssue

/** A request that does not fit its schema. The type provider's own compiler flattens paths, so this is ours. */
export class RequestMisfit extends Error {
  override readonly name = 'RequestMisfit'
  readonly issues: readonly Issue[]
  readonly schema: z.ZodType
  /** Which part of the request; Fastify sets it where it is not set. */
  validationContext?: Place

  constructor(issues: readonly Issue[], schema: z.ZodType) {
    super('The request does not fit its schema')
    this.issues = issues
    this.schema = schema
  }

  findings(): Finding[] {
    return findingsOf(this.issues, this.validationContext ?? 'body', this.schema)
  }
}

export const compileValidator =
  ({ schema }: { schema: z.ZodType }) =>
  (data: unknown): { value: unknown } | { error: RequestMisfit } => {
    const parsed = schema.safeParse(data)
    return parsed.success ? { value: parsed.data } : { error: new RequestMisfit(parsed.error.issues, schema) }
  }

/** @param schema what the request was held against, for "did you mean" */
export function findingsOf(issues: readonly Issue[], place: Place, schema: unknown): Finding[] {
  return issues.flatMap(issue => findingOf(issue, place, schema)).slice(0, 50)
}

function findingOf(issue: Issue, place: Place, schema: unknown): Finding[] {
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, issue.path)
    return issue.keys.map(key => unknownField(pointerTo([...issue.path, key], place), key, issue.path, known))
  }
  if (issue.code === 'invalid_union') {
    // The branch with the fewest complaints is most likely the one that was meant.
    const branch = [...issue.errors].sort((a, b) => a.length - b.length)[0]
    if (branch && branch.length > 0) {
      return branch.flatMap(inner =>
        findingOf({ ...inner, path: [...issue.path, ...inner.path] } as Issue, place, schema),
      )
    }
  }
  return [{ pointer: pointerTo(issue.path, place), detail: `${nameOf(issue.path)} ${phrase(issue)}` }]
}

function unknownField(pointer: string, key: string, path: readonly PropertyKey[], known: readonly string[]): Finding {
  const parent = path.length === 0 ? 'the request' : nameOf(path)
  const near = known.length > 0 ? closest(key, [...known]) : undefined
  const likely = near !== undefined && distance(key, near) <= Math.max(2, Math.floor(key.length / 3))
  return {
    pointer,
    detail: `"${key}" is not a field of ${parent}${likely ? `; did you mean ${near}?` : ''}`,
    ...(known.length > 0 ? { required: `one of ${known.join(', ')}` } : {}),
  }
}

const nameOf = (path: readonly PropertyKey[]): string =>
  path.length === 0 ? 'the request' : path.map(String).join('.')

function phrase(issue: Issue): string {
  // Our own messages (contracts/names.ts) go on from the field's name: `is not ...`, `has more than ...`.
  if (/^(is|has|must) /.test(issue.message)) return issue.message
  const text = issue.message.replace(/^Invalid input: /, '')
  return text.startsWith('expected')
    ? `is not right: ${text}`
    : `is not right: ${text.charAt(0).toLowerCase()}${text.slice(1)}`
}

function pointerTo(path: readonly PropertyKey[], place: Place): string {
  if (place === 'querystring') return `?${path.map(String).join('.')}`
  if (place === 'headers') return `header ${path.map(String).join('.')}`
  const escaped = path.map(part => String(part).replaceAll('~', '~0').replaceAll('/', '~1'))
  return escaped.length === 0 ? '' : `/${escaped.join('/')}`
}

interface Def {
  type?: string
  shape?: Record<string, unknown>
  innerType?: unknown
  element?: unknown
  valueType?: unknown
  options?: unknown[]
  in?: unknown
}

const defOf = (schema: unknown): Def => (schema as { _zod?: { def: Def } } | undefined)?._zod?.def ?? {}

/** The names of the fields that a schema knows at a path; several where a union leaves it open. */
function fieldsAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const def = defOf(schema)
  if (def.innerType) return fieldsAt(def.innerType, path)
  if (def.type === 'pipe') return fieldsAt(def.in, path)
  if (def.options) return [...new Set(def.options.flatMap(option => fieldsAt(option, path)))]
  const [head, ...rest] = path
  if (head === undefined) return Object.keys(def.shape ?? {})
  if (def.shape) return fieldsAt(def.shape[String(head)], rest)
  return fieldsAt(def.element ?? def.valueType, rest)
}
