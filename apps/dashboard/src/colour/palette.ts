// Every colour of the page, for both grounds. Colour never stands alone: a state has an icon and a word, a series a dash and a label.
// That they can be read, and told apart by people who see fewer colours, is computed in tests/unit/dashboard/colour.

export type Ground = 'light' | 'dark'

export const GROUND: Readonly<Record<Ground, string>> = { light: '#FFFFFF', dark: '#0F1419' }
export const TEXT: Readonly<Record<Ground, string>> = { light: '#1A1A1A', dark: '#E6EDF3' }
export const FAINT: Readonly<Record<Ground, string>> = { light: '#57606A', dark: '#9DA7B3' }

export const STATE_LOOKS = ['queued', 'running', 'completed', 'failed', 'cancelled', 'held'] as const
export type StateLook = (typeof STATE_LOOKS)[number]

export const STATE_COLOURS: Readonly<Record<Ground, Readonly<Record<StateLook, string>>>> = {
  light: {
    queued: '#57606A',
    running: '#0B5FA5',
    completed: '#1A7F37',
    failed: '#B3261E',
    cancelled: '#6E5A00',
    held: '#7A3E9D',
  },
  dark: {
    queued: '#9DA7B3',
    running: '#6CB6FF',
    completed: '#56D364',
    failed: '#FF7B72',
    cancelled: '#D4B84A',
    held: '#D2A8FF',
  },
}

export const STATE_ICONS: Readonly<Record<StateLook, string>> = {
  queued: '○',
  running: '◐',
  completed: '✓',
  failed: '✕',
  cancelled: '⊘',
  held: '‖',
}

/**
 * Four, in order; further series repeat them with the next dash. Six that can all be told apart on white are not to be had: the best of
 * a search over 227 colours had a least difference of 16 and was ugly.
 */
export const SERIES_COLOURS: Readonly<Record<Ground, readonly string[]>> = {
  light: ['#0072B2', '#D55E00', '#1A1A1A', '#AA3377'],
  dark: ['#56B4E9', '#E69F00', '#F0E442', '#CC79A7'],
}

/** In CSS pixels: drawn, not drawn. */
export const SERIES_DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3]]

/** The look of the nth series of a chart, from 0. */
export function seriesLook(n: number, ground: Ground): { colour: string; dash: readonly number[] } {
  const colours = SERIES_COLOURS[ground]
  const dashes = SERIES_DASHES
  return {
    colour: colours[n % colours.length] ?? TEXT[ground],
    dash: dashes[Math.floor(n / colours.length) % dashes.length] ?? [],
  }
}
