// Of a value that fits no branch of a union, the branch that was most likely meant, and what it has to say.
import type { z } from 'zod'
import { nearest } from './nearest.ts'
import { valueAt } from './schema-fields.ts'

type Issue = z.core.$ZodIssue

/** Issues without unions in them, at their places in the request. */
export function flatten(issue: Issue, value: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const branches = issue.errors.filter(branch => branch.length > 0)
  if (branches.length === 0) return [issue]
  const words = branches.flatMap(branch => (branch[0]?.code === 'invalid_value' ? branch[0].values : []))
  if (branches.every(([first]) => first?.code === 'invalid_value'))
    return [{ ...branches[0]?.[0], values: words, path: issue.path } as Issue]
  const isOther = (branch: readonly Issue[]): boolean => isOtherType(branch, value)
  if (branches.every(isOther)) return [neither(issue, branches, value)]
  const [best = []] = branches.toSorted((a, b) => compare(misfit(a, value), misfit(b, value)))
  return best.flatMap(inner =>
    flatten({ ...inner, path: [...issue.path, ...inner.path] } as Issue, valueAt(value, inner.path)),
  )
}

/** The value is of another type than the branch wants: a text where an object is wanted. */
const isOtherType = (branch: readonly Issue[], value: unknown): boolean =>
  branch.some(issue => {
    if (issue.path.length > 0) return false
    if (issue.code === 'invalid_value') return issue.values.every(known => typeof known !== typeof value)
    if (issue.code !== 'invalid_union') return issue.code === 'invalid_type'
    return issue.errors.length > 0 && issue.errors.every(inner => isOtherType(inner, value))
  })

/** What speaks against a branch, the weightiest first. */
function misfit(branch: readonly Issue[], value: unknown): number[] {
  const unknown = branch.flatMap(issue =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  )
  const missing = branch.flatMap(({ path }) =>
    path.length === 1 && valueAt(value, path) === undefined ? [String(path[0])] : [],
  )
  const misspelt = unknown.filter(key => nearest(key, missing) !== undefined)
  return [
    isOtherType(branch, value) ? 1 : 0,
    unknown.length - misspelt.length,
    unknown.length,
    missing.length,
    branch.length,
  ]
}

const compare = (a: readonly number[], b: readonly number[]): number => {
  const differs = a.findIndex((value, i) => value !== b[i])
  return differs < 0 ? 0 : (a[differs] as number) - (b[differs] as number)
}

/** All branches want another type: their wishes in one sentence. */
function neither(issue: Issue, branches: readonly (readonly Issue[])[], value: unknown): Issue {
  const wanted = branches.flatMap(function types(branch): string[] {
    return branch.flatMap(inner => {
      if (inner.path.length > 0) return []
      if (inner.code === 'invalid_type') return [WORDS[inner.expected] ?? inner.expected]
      if (inner.code === 'invalid_value') return inner.values.map(known => typeof known)
      return inner.code === 'invalid_union' ? inner.errors.flatMap(types) : []
    })
  })
  const expected = [...new Set(wanted)].join(' or ')
  const received = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return {
    code: 'invalid_type',
    expected: expected as 'string',
    path: issue.path,
    message: `Invalid input: expected ${expected}, received ${received}`,
  } as Issue
}

const WORDS: Readonly<Record<string, string>> = { tuple: 'array', record: 'object' }
