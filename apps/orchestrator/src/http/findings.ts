// zod's issues as findings that point at the field and say what is wanted there; an unknown field or value is refused by name,
// with the known one that it looks like.
import type { Finding } from '@trotline/contracts'
import type { z } from 'zod'
import { nearest } from './nearest.ts'
import { fieldsAt, kindsAt, valueAt } from './schema-fields.ts'
import { flatten } from './union-branch.ts'

type Place = 'body' | 'querystring' | 'params' | 'headers'
type Issue = z.core.$ZodIssue

/** A request that does not fit its schema. The type provider's own compiler flattens paths, so this is ours. */
export class RequestMisfit extends Error {
  override readonly name = 'RequestMisfit'
  readonly issues: readonly Issue[]
  readonly schema: z.ZodType
  readonly data: unknown
  /** Which part of the request; Fastify sets it where it is not set. */
  validationContext?: Place

  constructor(issues: readonly Issue[], schema: z.ZodType, data: unknown) {
    super('The request does not fit its schema')
    this.issues = issues
    this.schema = schema
    this.data = data
  }

  findings(): Finding[] {
    return findingsOf(this.issues, this.validationContext ?? 'body', this.schema, this.data)
  }
}

export const compileValidator =
  ({ schema }: { schema: z.ZodType }) =>
  (data: unknown): { value: unknown } | { error: RequestMisfit } => {
    const parsed = schema.safeParse(data)
    return parsed.success ? { value: parsed.data } : { error: new RequestMisfit(parsed.error.issues, schema, data) }
  }

const MOST_FINDINGS = 50

/** @param schema what the request was held against, for "did you mean" */
export function findingsOf(issues: readonly Issue[], place: Place, schema: unknown, data: unknown): Finding[] {
  const findings: Finding[] = []
  /** Fields that are missing because they were misspelt: one fault, told once. */
  const misspelt = new Set<string>()
  const flat = issues.flatMap(issue => flatten(issue, valueAt(data, issue.path)))
  for (const issue of flat) {
    if (issue.code === 'unrecognized_keys') {
      const known = fieldsAt(schema, issue.path, data)
      for (const key of issue.keys) {
        const meant = nearest(key, known)
        if (meant !== undefined) misspelt.add(pointerTo([...issue.path, meant], place))
        findings.push(unknownField(pointerTo([...issue.path, key], place), key, issue.path, known, meant))
      }
      continue
    }
    const value = valueAt(data, issue.path)
    const told = value === undefined ? missing(issue) : unfit(issue, value, schema, data)
    findings.push({ pointer: pointerTo(issue.path, place), ...told })
  }
  const doubled = ({ pointer, detail }: Finding): boolean => misspelt.has(pointer) && detail.endsWith(MISSING)
  return findings.filter(finding => !doubled(finding)).slice(0, MOST_FINDINGS)
}

function unknownField(
  pointer: string,
  key: string,
  path: readonly PropertyKey[],
  known: readonly string[],
  meant: string | undefined,
): Finding {
  const parent = path.length === 0 ? 'the request' : nameOf(path)
  return {
    pointer,
    detail: `"${short(key)}" is not a field of ${parent}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    ...(known.length > 0 ? { required: `one of ${known.join(', ')}` } : {}),
    ...(meant === undefined ? {} : { hint: `Write ${meant} in place of ${short(key)}.` }),
  }
}

const nameOf = (path: readonly PropertyKey[]): string =>
  path.length === 0 ? 'the request' : path.map(String).join('.')

/** Said back they would stand in whatever logs the answer; a chat's address is as good as its password. */
const SECRETS: ReadonlySet<unknown> = new Set(['secret', 'url'])

type Told = Omit<Finding, 'pointer'>

const MISSING = ' is missing'

function missing(issue: Issue): Told {
  // A body that is no object at all is not missing: it is the wrong thing.
  if (issue.path.length === 0) return { detail: `the request ${phrase(issue)}` }
  const options = optionsOf(issue)
  const required = options ? listed(options) : issue.code === 'invalid_type' ? issue.expected : undefined
  return { detail: `${nameOf(issue.path)}${MISSING}`, ...(required === undefined ? {} : { required }) }
}

function unfit(issue: Issue, value: unknown, schema: unknown, data: unknown): Told {
  // Of a wrong key the value says nothing.
  const isTold = issue.code !== 'invalid_key' && !SECRETS.has(issue.path.at(-1))
  const found = isTold ? foundOf(value) : undefined
  const options = optionsOf(issue)
  if (options === null) {
    const hint = issue.code === 'invalid_type' ? wordHint(issue, value, schema, data) : undefined
    return {
      detail: `${nameOf(issue.path)} ${phrase(issue)}`,
      ...(found === undefined ? {} : { found }),
      ...(hint === undefined ? {} : { hint }),
    }
  }
  const meant = typeof value === 'string' ? nearest(value, options) : undefined
  const guess = meant === undefined ? '' : `; did you mean ${meant}?`
  return {
    detail: `${nameOf(issue.path)} is not right: ${found === undefined ? 'it is none of those known' : `there is no ${found}`}${guess}`,
    required: listed(options),
    ...(found === undefined ? {} : { found }),
  }
}

/** A word where an object of many kinds stands: optimizer: adam. */
function wordHint({ path }: Issue, value: unknown, schema: unknown, data: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const kinds = kindsAt(schema, path, data)
  const meant = kinds && nearest(value, kinds.words)
  return kinds && meant ? `Write { "${kinds.field}": "${meant}" }, with what else it needs` : undefined
}

const listed = (options: readonly string[]): string =>
  `one of ${options.map(option => (/^[\w.-]+$/.test(option) ? option : JSON.stringify(option))).join(', ')}`

/** Where one of some words or numbers is wanted. */
function optionsOf(issue: Issue): string[] | null {
  if (issue.code === 'invalid_value') return issue.values.map(String)
  // Of a discriminated union, whose type does not tell its options.
  const { options } = issue as { options?: unknown }
  return issue.code === 'invalid_union' && Array.isArray(options) ? options.map(String) : null
}

const LONGEST_FOUND = 80
const short = (text: string): string => (text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND)}…` : text)

function foundOf(value: unknown): string | undefined {
  if (typeof value === 'string') return JSON.stringify(short(value))
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? String(value) : undefined
}

function phrase(issue: Issue): string {
  const [inner] = issue.code === 'invalid_key' ? issue.issues : []
  if (inner) return phrase(inner)
  // Our own messages (contracts/names.ts) go on from the field's name: `is not ...`, `has more than ...`.
  if (/^(is|has|must|needs|cannot) /.test(issue.message)) return issue.message
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
