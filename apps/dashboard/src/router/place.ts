// Where the page is: the browser's address, as a signal. Changing it redraws; the server is asked for no new document.
import { signal } from '@preact/signals'

export interface Place {
  path: string
  query: URLSearchParams
  hash: string
}

export const place = signal<Place>(read())

addEventListener('popstate', () => (place.value = read()))

/** @param replace the address before it is not come back to */
export function go(url: string, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', url)
  place.value = read()
  if (!replace) scrollTo(0, 0)
}

/** Of the present path; what is null or empty is left out. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const query = new URLSearchParams(place.value.query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  go(`${place.value.path}${text === '' ? '' : `?${text}`}`, { replace: true })
}

function read(): Place {
  const { pathname, search, hash } = location
  return { path: pathname.replace(/(.)\/$/, '$1'), query: new URLSearchParams(search), hash: hash.slice(1) }
}
