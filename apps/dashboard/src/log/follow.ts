// Whether a log view follows its end. It follows from the start; whatever shows that a person reads (scrolling up, selecting, searching)
// ends that, and only what a person does brings it back: the pill, the key, or scrolling to the end. Lines that come, rows that turn out
// higher and sizes that change move nobody. Switched off by the key is off: then the end reached by scrolling does not count either.
import { count } from '../text/figures.ts'

export interface Follow {
  following: boolean
  /** Only the key or the pill ends it. */
  off: boolean
  /** That came since it stopped following. */
  newLines: number
}

export type FollowEvent =
  /** By a person: wheel, touch, keys, scroll bar. `up`: away from the end. */
  | { type: 'scrolled'; up: boolean; atEnd: boolean }
  | { type: 'selected' }
  | { type: 'searched' }
  /** To a line, an error or a match. */
  | { type: 'jumped' }
  | { type: 'lines'; added: number }
  /** `f` */
  | { type: 'toggled' }
  /** The pill, or `G`. */
  | { type: 'to-end' }

export const FOLLOWING: Follow = { following: true, off: false, newLines: 0 }

export function follow(state: Follow, event: FollowEvent): Follow {
  switch (event.type) {
    case 'scrolled':
      if (event.up) return stopped(state)
      return event.atEnd && !state.off ? FOLLOWING : state
    case 'selected':
    case 'searched':
    case 'jumped':
      return stopped(state)
    case 'lines':
      return state.following || event.added === 0 ? state : { ...state, newLines: state.newLines + event.added }
    case 'toggled':
      return state.following ? { following: false, off: true, newLines: 0 } : FOLLOWING
    case 'to-end':
      return FOLLOWING
  }
}

const stopped = (state: Follow): Follow => (state.following ? { following: false, off: false, newLines: 0 } : state)

/** null: there is no pill. */
export const pillText = ({ following, newLines }: Follow): string | null =>
  following || newLines === 0 ? null : `↓ ${count(newLines, 'new line')}`

/** For the status region: said at the edges only. null: nothing to say. */
export const followSaid = (before: Follow, after: Follow): string | null =>
  before.following === after.following ? null : after.following ? 'follow on' : 'follow off'
