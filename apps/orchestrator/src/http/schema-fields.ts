// Walks a zod schema along a request: which fields it knows at a place, given what stands there.

interface Def {
  type?: string
  shape?: Record<string, unknown>
  innerType?: unknown
  element?: unknown
  valueType?: unknown
  options?: unknown[]
  discriminator?: string
  in?: unknown
}

interface Inside {
  def: Def
  /** Of an object in a discriminated union: the values that mean it, by field. */
  propValues?: Record<string, Set<unknown>>
}

const insideOf = (schema: unknown): Inside => (schema as { _zod?: Inside } | undefined)?._zod ?? { def: {} }

/** What stands at a path; undefined: nothing. */
export function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value
}

/** The names of the fields that a schema knows at a path; several where a union leaves it open. */
export function fieldsAt(schema: unknown, path: readonly PropertyKey[], data: unknown): string[] {
  const { def } = insideOf(schema)
  if (def.innerType) return fieldsAt(def.innerType, path, data)
  if (def.type === 'pipe') return fieldsAt(def.in, path, data)
  if (def.options) return [...new Set(meantBy(data, def).flatMap(option => fieldsAt(option, path, data)))]
  const [head, ...rest] = path
  if (head === undefined) return Object.keys(def.shape ?? {})
  const below = valueAt(data, [head])
  if (def.shape) return fieldsAt(def.shape[String(head)], rest, below)
  return fieldsAt(def.element ?? def.valueType, rest, below)
}

/** Of a place where an object of one of several kinds belongs: the field that tells the kind, and its words. */
export function kindsAt(
  schema: unknown,
  path: readonly PropertyKey[],
  data: unknown,
): { field: string; words: string[] } | null {
  const { def } = insideOf(schema)
  if (def.innerType) return kindsAt(def.innerType, path, data)
  const [head, ...rest] = path
  if (def.options) {
    const { discriminator: field } = def
    if (head === undefined && field !== undefined) {
      const words = def.options.flatMap(option => [...(insideOf(option).propValues?.[field] ?? [])])
      return { field, words: words.map(String) }
    }
    for (const option of meantBy(data, def)) {
      const found = kindsAt(option, path, data)
      if (found) return found
    }
    return null
  }
  if (head === undefined) return null
  return kindsAt(def.shape?.[String(head)] ?? def.element ?? def.valueType, rest, valueAt(data, [head]))
}

/** The options of a union that the data can mean. */
function meantBy(data: unknown, { options = [], discriminator }: Def): unknown[] {
  if (discriminator === undefined) return options
  const word = valueAt(data, [discriminator])
  const meant = options.filter(option => insideOf(option).propValues?.[discriminator]?.has(word))
  return meant.length > 0 ? meant : options
}
