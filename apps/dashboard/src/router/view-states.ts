// What can be chosen on each page, and how it stands in the query.
import { type Fields, flag, number, oneOf, place, repeated, span, text, words } from './url-state.ts'

export const X_AXES = ['epoch', 'step', 'trained', 'clock'] as const
export type XAxis = (typeof X_AXES)[number]
export const MOST_SMOOTHING = 0.99

export interface ChartState {
  x: XAxis
  xLog: boolean
  /** By family, as words: `loss.lz`. chart/y-settings.ts has what the letters mean. */
  y: readonly string[]
  smoothing: number
  /** Epochs that a later attempt repeated. */
  superseded: boolean
  /** On the x axis. */
  zoom: readonly [number, number] | null
  /** Metrics whose line is not drawn. */
  hidden: readonly string[]
  /** Families that are drawn; empty: the first dozen. */
  families: readonly string[]
  asTable: boolean
}
const METRIC = /^[A-Za-z][A-Za-z0-9_]{0,63}$/
export const CHART_FIELDS: Fields<ChartState> = {
  x: oneOf('x', X_AXES, 'epoch'),
  xLog: flag('xl'),
  y: words('y', { word: /^[A-Za-z][A-Za-z0-9_]{0,63}\.[lmz]{0,3}$/ }),
  smoothing: number('s', 0, 0, MOST_SMOOTHING, 2),
  superseded: flag('a', true),
  zoom: span('r'),
  hidden: words('h', { word: METRIC }),
  families: words('m', { word: METRIC }),
  asTable: flag('v'),
}

export const LOG_SOURCES = ['stdout', 'stderr', 'slurm'] as const
export interface LogState {
  source: (typeof LOG_SOURCES)[number]
  /** The line that a link points at; null: the end. */
  at: { attempt: number; offset: number } | null
  /** null: as the width of the page has it. */
  wrap: 'auto' | 'on' | 'off'
  raw: boolean
  search: string
  regex: boolean
  matchCase: boolean
}
export const LOG_FIELDS: Fields<LogState> = {
  source: oneOf('o', LOG_SOURCES, 'stdout'),
  at: place('at'),
  wrap: oneOf('w', ['auto', 'on', 'off'], 'auto'),
  raw: flag('raw'),
  search: text('q'),
  regex: flag('re'),
  matchCase: flag('c'),
}

export interface JobsState {
  /** States, and 'held'; empty: all. */
  states: readonly string[]
  search: string
  cluster: string
  partition: string
  labels: readonly string[]
  owner: string
  /** As people say it: 24h, 7d; empty: ever. */
  since: string
}
export const JOBS_FIELDS: Fields<JobsState> = {
  states: words('state', { word: /^[a-z]{1,16}$/ }),
  search: text('q'),
  cluster: text('cluster', '', 32),
  partition: text('partition', '', 64),
  labels: repeated('label', /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}=[A-Za-z0-9._-]{0,64}$/),
  owner: text('owner', '', 64),
  since: text('since', '', 16),
}

/** The order is the slot, and the slot is the colour: hiding a job or taking one away by `-` changes no other's. */
export interface CompareState extends Omit<ChartState, 'families' | 'superseded' | 'asTable' | 'y'> {
  /** Ids; `-` is a slot that was emptied. */
  jobs: readonly string[]
  metric: string
  yLog: boolean
  /** 'all': everything that is finite; 'middle': 1–99 %. */
  fit: 'all' | 'middle'
  includeZero: boolean
}
export const MOST_COMPARED = 8
const { x, xLog, smoothing, zoom } = CHART_FIELDS
export const COMPARE_FIELDS: Fields<CompareState> = {
  jobs: {
    key: 'jobs',
    initial: [],
    read: ([given = '']) => {
      const slots = given.split(',').filter(slot => slot === '-' || /^[a-z][0-9a-hjkmnp-tv-z]{11}$/.test(slot))
      return slots.filter((slot, at) => slot === '-' || slots.indexOf(slot) === at).slice(0, MOST_COMPARED)
    },
    write: slots => {
      const last = slots.findLastIndex(slot => slot !== '-')
      return last < 0 ? [] : [slots.slice(0, last + 1).join(',')]
    },
  },
  metric: text('m', 'loss', 64),
  x,
  xLog,
  yLog: flag('yl'),
  smoothing,
  fit: oneOf('fit', ['all', 'middle'], 'all'),
  includeZero: flag('z'),
  zoom,
  hidden: words('h', { word: /^[a-z][0-9a-hjkmnp-tv-z]{11}$/ }),
}
