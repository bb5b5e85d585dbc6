// What is chosen on a page, kept in the query: short keys, defaults left out, and whatever cannot be read is the default.
// Two people with one link see the same; a link of last year still opens.

/** How one value stands in the query. An empty list of texts: it is left out. */
export interface Field<T> {
  key: string
  initial: T
  /** undefined: unreadable. */
  read(texts: readonly string[]): T | undefined
  write(value: T): readonly string[]
}
export type Fields<T> = { readonly [K in keyof T]: Field<T[K]> }

/** @param search with or without '?' */
export function readState<T extends object>(fields: Fields<T>, search: string): T {
  const given = new URLSearchParams(search)
  const state: Partial<T> = {}
  for (const name of Object.keys(fields) as (keyof T)[]) {
    const { key, initial, read } = fields[name]
    const texts = given.getAll(key)
    state[name] = (texts.length === 0 ? undefined : read(texts)) ?? initial
  }
  return state as T
}

/** '' where everything is as at first, else '?…', the same text for the same state. */
export function writeState<T extends object>(fields: Fields<T>, state: T): string {
  const query = new URLSearchParams()
  for (const name of Object.keys(fields) as (keyof T)[]) {
    const { key, initial, write } = fields[name]
    const texts = write(state[name])
    if (texts.join('\n') === write(initial).join('\n')) continue
    // Present and empty: nothing, where the default is something.
    for (const text of texts.length === 0 ? [''] : texts) query.append(key, text)
  }
  // Commas and colons need no escape in a query (RFC 3986, 3.4), and are read more easily without one.
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
  return text === '' ? '' : `?${text}`
}

/** `?key=1` and `?key=0`. */
export const flag = (key: string, initial = false): Field<boolean> => ({
  key,
  initial,
  read: ([text]) => (text === '1' ? true : text === '0' ? false : undefined),
  write: value => [value ? '1' : '0'],
})

export const oneOf = <T extends string>(key: string, choices: readonly T[], initial: T): Field<T> => ({
  key,
  initial,
  read: ([text]) => choices.find(choice => choice === text),
  write: value => [value],
})

export const text = (key: string, initial = '', most = 500): Field<string> => ({
  key,
  initial,
  read: ([given = '']) => (given.length <= most ? given : undefined),
  write: value => [value],
})

/** Rounded to `digits`, kept within its ends. */
export const number = (key: string, initial: number, least: number, most: number, digits = 0): Field<number> => ({
  key,
  initial,
  read: ([given = '']) => {
    const value = given.trim() === '' ? Number.NaN : Number(given)
    return Number.isFinite(value) ? Number(Math.min(most, Math.max(least, value)).toFixed(digits)) : undefined
  },
  write: value => [String(Number(value.toFixed(digits)))],
})

/** `?key=a,b`: words without commas, each once, in the order given. */
export const words = (
  key: string,
  { initial = [], most = 50, word = /^[^,\s]{1,64}$/ } = {} as WordsOptions,
): Field<readonly string[]> => ({
  key,
  initial,
  read: ([given = '']) => {
    const found = [...new Set(given.split(',').filter(part => word.test(part)))].slice(0, most)
    return found.length > 0 || given === '' ? found : undefined
  },
  write: value => (value.length === 0 ? [] : [value.join(',')]),
})
interface WordsOptions {
  initial?: readonly string[]
  most?: number
  word?: RegExp
}

/** `?key=a=b&key=c=d`, as the API has labels. */
export const repeated = (key: string, word: RegExp, most = 16): Field<readonly string[]> => ({
  key,
  initial: [],
  read: given => [...new Set(given.filter(part => word.test(part)))].slice(0, most),
  write: value => value,
})

/** `?key=10:200`. null: all there is. */
export const span = (key: string): Field<readonly [number, number] | null> => ({
  key,
  initial: null,
  read: ([given = '']) => {
    const [from, to] = given.split(':').map(part => (part === '' ? Number.NaN : Number(part)))
    return from !== undefined && to !== undefined && Number.isFinite(from) && to > from && Number.isFinite(to)
      ? [from, to]
      : undefined
  },
  write: value => (value === null ? [] : [value.join(':')]),
})

/** `?key=2:88213`, a byte of an attempt's log. */
export const place = (key: string): Field<{ attempt: number; offset: number } | null> => ({
  key,
  initial: null,
  read: ([given = '']) => {
    const [, attempt, offset] = /^([1-9][0-9]{0,5}):([0-9]{1,15})$/.exec(given) ?? []
    return attempt === undefined ? undefined : { attempt: Number(attempt), offset: Number(offset) }
  },
  write: value => (value === null ? [] : [`${value.attempt}:${value.offset}`]),
})
