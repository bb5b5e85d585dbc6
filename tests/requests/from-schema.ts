// Values that fit a JSON Schema of the document, as arbitraries. Where a field's name says that it names something that is there, such as a
// cluster or a job, most values name something that is: random ids alone would never get past the first look-up.
import fc from 'fast-check'
import { type OpenApi, type Schema, schemaAt } from './document.ts'

/** Deeper than this only what is required is made, and of several shapes the first. */
const DEEPEST = 6
/** Longer ones are made by mutation: a valid list of 5,000 packages each time would cost seconds. */
const LONGEST_LIST = 4
const LONGEST_TEXT = 40

export type Named = (field: string, schema: Schema) => fc.Arbitrary<unknown> | null

/** @param named what a field of this name usually holds; null: whatever fits its schema */
export function createValues(
  document: OpenApi,
  named: Named,
): (schema: Schema, field?: string) => fc.Arbitrary<unknown> {
  const known = new Map<string, fc.Arbitrary<unknown>>()
  return (schema, field = '') => fitting(schema, field, 0)

  function fitting(schema: Schema, field: string, depth: number): fc.Arbitrary<unknown> {
    const usual = named(field, schema)
    const any = plainOf(schema, field, depth)
    return usual === null ? any : fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: any })
  }

  function plainOf(schema: Schema, field: string, depth: number): fc.Arbitrary<unknown> {
    if (schema.$ref !== undefined) {
      const key = `${schema.$ref} ${field} ${depth}`
      const made = known.get(key) ?? fitting(schemaAt(document, schema.$ref), field, depth)
      known.set(key, made)
      return made
    }
    if (schema.const !== undefined) return fc.constant(schema.const)
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
    const shapes = schema.anyOf ?? schema.oneOf
    if (shapes !== undefined) {
      const few = depth > DEEPEST ? shapes.slice(-1) : shapes
      return fc.oneof(...few.map(shape => fitting(shape, field, depth + 1)))
    }
    switch (schema.type) {
      case 'object':
        return objectOf(schema, depth)
      case 'array':
        return listOf(schema, field, depth)
      case 'string':
        return textOf(schema)
      case 'integer':
        return integerOf(schema)
      case 'number':
        return numberOf(schema)
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      default:
        return fc.jsonValue({ maxDepth: 2 })
    }
  }

  function objectOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    const { properties = {}, required = [], additionalProperties, propertyNames } = schema
    const shown = Object.entries(properties).filter(([name]) => depth <= DEEPEST || required.includes(name))
    const fields = Object.fromEntries(shown.map(([name, field]) => [name, fitting(field, name, depth + 1)]))
    const wanted = required.filter(name => name in fields)
    const object: fc.Arbitrary<object> =
      Object.keys(fields).length === 0
        ? fc.constant({})
        : fc.oneof(
            { weight: 3, arbitrary: fc.record(fields, { requiredKeys: wanted, noNullPrototype: true }) },
            { weight: 2, arbitrary: onlyRequired(fields, wanted) },
          )
    if (typeof additionalProperties !== 'object') return object
    const names = propertyNames === undefined ? fc.string({ maxLength: LONGEST_TEXT }) : textOf(propertyNames)
    const more = fc.dictionary(names, fitting(additionalProperties, '', depth + 1), {
      maxKeys: 3,
      noNullPrototype: true,
    })
    return fc.tuple(object, more).map(([own, rest]) => ({ ...own, ...rest }))
  }

  function listOf(schema: Schema, field: string, depth: number): fc.Arbitrary<unknown[]> {
    const { items, prefixItems, minItems = 0, maxItems = LONGEST_LIST } = schema
    if (prefixItems !== undefined) return fc.tuple(...prefixItems.map(item => fitting(item, field, depth + 1)))
    const longest = depth > DEEPEST ? minItems : Math.max(minItems, Math.min(maxItems, LONGEST_LIST))
    return fc.array(fitting(typeof items === 'object' ? items : {}, field, depth + 1), {
      minLength: minItems,
      maxLength: longest,
    })
  }
}

function onlyRequired(fields: Record<string, fc.Arbitrary<unknown>>, required: readonly string[]) {
  const chosen = Object.fromEntries(Object.entries(fields).filter(([name]) => required.includes(name)))
  return fc.record(chosen, { noNullPrototype: true })
}

const TIMES = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
  .map(date => date.toISOString())

/** Looks ahead, which fast-check's stringMatching does not do: simple words of the right letters, of which those that fit are taken. */
const WORDS = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,20}$/)

function textOf({
  pattern,
  format,
  contentEncoding,
  minLength = 0,
  maxLength = LONGEST_TEXT,
}: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') return TIMES
  if (contentEncoding === 'base64') return fc.base64String({ maxLength: LONGEST_TEXT })
  const longest = Math.max(minLength, Math.min(maxLength, LONGEST_TEXT))
  if (pattern === undefined) return fc.string({ unit: 'grapheme', minLength, maxLength: longest })
  const wanted = new RegExp(pattern, 'u')
  const fits = (text: string): boolean => text.length >= minLength && text.length <= maxLength && wanted.test(text)
  if (wanted.test('/a') && !wanted.test('a'))
    return oneThatFits(
      fc.array(WORDS, { minLength: 1, maxLength: 4 }).map(words => `/${words.join('/')}`),
      fits,
    )
  if (pattern.includes('(?!') || pattern.includes('\\p{'))
    return oneThatFits(
      fc.oneof(
        WORDS,
        fc.string({ unit: 'grapheme', minLength, maxLength: longest }),
        fc.webUrl({ withFragments: false }),
      ),
      fits,
    )
  return oneThatFits(fc.stringMatching(wanted), fits)
}

/** A filter may look for ever where hardly any fits: of a few the first that does, or else one that does not. */
const oneThatFits = (texts: fc.Arbitrary<string>, fits: (text: string) => boolean): fc.Arbitrary<string> =>
  fc.array(texts, { minLength: TRIES, maxLength: TRIES }).map(some => some.find(fits) ?? some[0] ?? '')
const TRIES = 4

function integerOf(schema: Schema): fc.Arbitrary<number> {
  const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = schema
  const min = Math.ceil(Math.max(minimum, (schema.exclusiveMinimum ?? Number.NEGATIVE_INFINITY) + 1))
  const max = Math.floor(Math.min(maximum, (schema.exclusiveMaximum ?? Number.POSITIVE_INFINITY) - 1))
  const usual = fc.integer({ min, max: Math.min(max, Math.max(min, 0) + 16) })
  return fc.oneof({ weight: 4, arbitrary: usual }, fc.integer({ min, max }), fc.constantFrom(min, max))
}

function numberOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): fc.Arbitrary<number> {
  return fc.double({
    min: exclusiveMinimum ?? minimum ?? -1e308,
    max: exclusiveMaximum ?? maximum ?? 1e308,
    minExcluded: exclusiveMinimum !== undefined,
    maxExcluded: exclusiveMaximum !== undefined,
    noNaN: true,
    noDefaultInfinity: true,
  })
}
