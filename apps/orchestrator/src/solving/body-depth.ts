// How deep a body may be nested. A model of Keras has about 20 levels; what has some thousand comes through no thread's message, no cjson of
// Redis (1,000) and at last through no JSON.stringify.

export const DEEPEST_BODY = 200
export const TOO_DEEP = `The body is nested more than ${DEEPEST_BODY} deep.`

export const isDeeper = (value: unknown, than: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (than === 0 || Object.values(value).some(inner => isDeeper(inner, than - 1)))

/** Enough to find it by. */
const SHOWN_KEYS = 8
const SHOWN_CHARACTERS = 200

/** JSON Pointer (RFC 6901) to what is nested so deep, cut to its beginning. @param value that is deeper */
export function placeOfDepth(value: unknown, than: number): string {
  let pointer = ''
  let here = value
  for (let left = than; left > than - SHOWN_KEYS; left -= 1) {
    const [key, inner] = Object.entries(here ?? {}).find(([, one]) => isDeeper(one, left - 1)) ?? []
    if (key === undefined) break
    pointer += `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    here = inner
  }
  return pointer.slice(0, SHOWN_CHARACTERS)
}
