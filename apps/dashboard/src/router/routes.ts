// The page's addresses: which path shows what, and back. What is chosen on a page stands in the query (url-state.ts), not here.

/** In the order of their keys, 1 to 7. */
export const JOB_TABS = ['curves', 'log', 'evaluation', 'environment', 'script', 'events', 'files'] as const
export type JobTab = (typeof JOB_TABS)[number]

export type Route =
  | { page: 'jobs' }
  | { page: 'job'; id: string; tab: JobTab }
  | { page: 'compare' }
  | { page: 'submit' }
  | { page: 'compatibility' }
  | { page: 'environments' }
  | { page: 'environment'; id: string }
  | { page: 'clusters' }
  | { page: 'cluster'; name: string }
  | { page: 'settings' }
  | { page: 'login' }
  | { page: 'not-found'; path: string }

const PLAIN_PAGES = ['compare', 'submit', 'compatibility', 'environments', 'clusters', 'settings', 'login'] as const
const isPlain = (word: string): word is (typeof PLAIN_PAGES)[number] =>
  (PLAIN_PAGES as readonly string[]).includes(word)
const isTab = (word: string): word is JobTab => (JOB_TABS as readonly string[]).includes(word)

/** A slash at the end means nothing; what no page has is not-found, never an exception. */
export function routeOf(path: string): Route {
  const words = wordsOf(path)
  if (words === null) return { page: 'not-found', path }
  const [first, second, third] = words
  if (first === undefined || (first === 'jobs' && second === undefined)) return { page: 'jobs' }
  if (second === undefined && isPlain(first)) return { page: first }
  if (first === 'jobs' && second !== undefined && words.length <= 3) {
    if (third === undefined) return { page: 'job', id: second, tab: 'curves' }
    if (isTab(third)) return { page: 'job', id: second, tab: third }
  }
  if (first === 'environments' && second !== undefined && words.length === 2) return { page: 'environment', id: second }
  if (first === 'clusters' && second !== undefined && words.length === 2) return { page: 'cluster', name: second }
  return { page: 'not-found', path }
}

export function pathOf(route: Route): string {
  switch (route.page) {
    case 'jobs':
      return '/'
    case 'job':
      return `/jobs/${encodeURIComponent(route.id)}${route.tab === 'curves' ? '' : `/${route.tab}`}`
    case 'environment':
      return `/environments/${encodeURIComponent(route.id)}`
    case 'cluster':
      return `/clusters/${encodeURIComponent(route.name)}`
    case 'not-found':
      return route.path
    default:
      return `/${route.page}`
  }
}

/** null: a part of it is no text in UTF-8. */
function wordsOf(path: string): string[] | null {
  try {
    return path
      .split('/')
      .filter(word => word !== '')
      .map(word => decodeURIComponent(word))
  } catch {
    return null
  }
}
