// How deep a body may be nested. A model of Keras has about 20 levels; what has some thousand comes through no thread's message, no cjson of
// Redis (1,000) and at last through no JSON.stringify.

export const DEEPEST_BODY = 200
export const TOO_DEEP = `The body is nested more than ${DEEPEST_BODY} deep.`

export const isDeeper = (value: unknown, than: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (than === 0 || Object.values(value).some(inner => isDeeper(inner, than - 1)))
