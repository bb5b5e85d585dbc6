// What is almost right: a valid value with one or two faults of the kinds that clients, their libraries and their enemies make.
import fc from 'fast-check'

type Path = readonly (string | number)[]

/** A text with room for one: JSON.stringify would drop `__proto__` of an object literal and keep no field twice. */
export type Mutation = (body: unknown) => string

const LONE = '\ud800'
const HUGE_TEXT = 20_000
const DEEP = 3_000

const TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\nb',
  '\u202egnp.exe',
  LONE,
  '🦄'.repeat(50),
  'é'.normalize('NFD'),
  '../../../etc/passwd',
  '$(id)',
  "'; DROP TABLE jobs; --",
  '__proto__',
  'constructor',
  '%00',
  '{{7*7}}',
  'x'.repeat(HUGE_TEXT),
]

/** `[[[…]]]` */
function nested(times: number): unknown {
  let value: unknown = []
  for (let i = 0; i < times; i += 1) value = [value]
  return value
}

const WRONG = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    [],
    {},
    0,
    -1,
    -0,
    1.5,
    1e308,
    -1e308,
    5e-324,
    2 ** 53,
    -(2 ** 63),
    4_294_967_296,
  ),
  fc.constantFrom(...TEXTS),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.array(fc.constant({}), { maxLength: 300 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(nested(300), nested(DEEP)),
)

const FIELDS = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    '',
    'naïve',
    'x'.repeat(500),
    LONE,
    'dryRun',
    'extra',
  ),
  fc.string({ maxLength: 10 }),
)

/** Numbers that JSON can write and no double can hold, or that a reader may take for something else. */
const NUMBERS = ['1e999', '-1e999', '123456789012345678901234567890', '0.1e-400', '1E+2', '-0.0', '9007199254740993']

/** Bodies that are no request at all. */
const TEXTUAL: readonly string[] = [
  '',
  ' ',
  '{',
  '[',
  'null',
  'true',
  '0',
  '""',
  '[]',
  '{}',
  '{"a":1,}',
  "{'a':1}",
  '\ufeff{}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  'NaN',
  '{"name":1e999}',
  `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
  `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
]

export const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(), WRONG).map(([n, value]) => edited(n, () => value)) },
  { weight: 3, arbitrary: fc.nat().map(n => edited(n, () => undefined)) },
  { weight: 3, arbitrary: fc.tuple(fc.nat(), FIELDS, WRONG).map(([n, name, value]) => added(n, name, value)) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(), fc.constantFrom(...NUMBERS)).map(([n, text]) => numbered(n, text)) },
  { weight: 2, arbitrary: fc.nat().map(n => edited(n, value => [value])) },
  { weight: 2, arbitrary: fc.nat().map(n => edited(n, value => String(value))) },
  {
    weight: 2,
    arbitrary: fc.nat().map(n => edited(n, value => (typeof value === 'string' ? value.toUpperCase() : value))),
  },
  { weight: 1, arbitrary: fc.nat().map(n => edited(n, value => Array.from({ length: 400 }, () => value))) },
  { weight: 1, arbitrary: fc.nat().map(doubled) },
  { weight: 1, arbitrary: fc.constantFrom(...TEXTUAL).map(text => () => text) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map(cutAt) },
)

/** undefined: the field is taken away. */
function edited(n: number, edit: (value: unknown) => unknown): Mutation {
  return body => JSON.stringify(put(body, placeOf(body, n), edit)) ?? 'null'
}

function added(n: number, name: string, value: unknown): Mutation {
  return body => {
    const objects = placesOf(body).filter(path => isObject(at(body, path)))
    const path = objects[n % Math.max(1, objects.length)]
    if (path === undefined) return JSON.stringify({ [name]: value })
    // By defineProperty and a spread: `__proto__` shall be a field like any other.
    return JSON.stringify(put(body, path, object => ownField({ ...(object as object) }, name, value)))
  }
}

function numbered(n: number, text: string): Mutation {
  const MARK = 'a number stands here'
  return body => JSON.stringify(put(body, placeOf(body, n), () => MARK))?.replace(`"${MARK}"`, text) ?? text
}

/** The same field twice in one object. */
function doubled(n: number): Mutation {
  return body => {
    const text = JSON.stringify(body) ?? 'null'
    const fields = [...text.matchAll(/"\w+":(?:"[^"\\]*"|\d+|true|false|null)/g)]
    const field = fields[n % Math.max(1, fields.length)]
    return field === undefined ? text : `${text.slice(0, field.index)}${field[0]},${text.slice(field.index)}`
  }
}

function cutAt(share: number): Mutation {
  return body => {
    const text = JSON.stringify(body) ?? ''
    return text.slice(0, Math.floor(text.length * share))
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function ownField(object: object, name: string, value: unknown): object {
  return Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

/** Every place in it, the whole first. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Array.isArray(value)
    ? value.slice(0, 20).flatMap((item, i) => placesOf(item, [...path, i]))
    : Object.entries(value).flatMap(([name, item]) => placesOf(item, [...path, name]))
  return [path, ...inner]
}

function placeOf(value: unknown, n: number): Path {
  const places = placesOf(value)
  return places[n % places.length] ?? []
}

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value)

function put(value: unknown, path: Path, edit: (value: unknown) => unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return edit(value)
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? put(item, rest, edit) : item))
  const fields = value as Record<string, unknown>
  return ownField({ ...fields }, String(key), put(fields[key], rest, edit))
}
