// Environments for people: what is in them, where they are made, and how far that is.
import type { Collection, Environment, Materialisation, SolveProgress } from '@trotline/contracts'
import type { StepView } from '../follow/step-reporter.ts'
import { ago } from './durations.ts'
import type { Fact } from './fact.ts'
import { bytes, count } from './figures.ts'
import { localTime, secondsBetween } from './local-time.ts'
import type { Style } from './style.ts'
import type { Cell, Column } from './table.ts'

/** As much of an id as people need. */
export const shortId = (id: string): string => id.slice(0, 12)

/** "38 packages, 3 of pip, linux-64" */
export function packagesText({
  packages,
  pipPackages,
  platform,
}: Pick<Environment, 'packages' | 'pipPackages' | 'platform'>): string {
  const pip = pipPackages === 0 ? '' : ` and ${pipPackages} of pip`
  return `${count(packages, 'package')}${pip}, ${platform}`
}

/** ml@3, or the beginning of the id where it has no name. */
export const nameOf = ({ id, names }: Pick<Environment, 'id' | 'names'>): string => names.at(-1) ?? shortId(id)

/** @param now the server's time, in milliseconds */
export function environmentFacts(environment: Environment, now: number): Fact[] {
  const { solvedFor, snapshot, spec } = environment
  const facts: (Fact | null)[] = [
    { label: 'id', text: environment.id },
    environment.names.length === 0 ? null : { label: 'names', text: environment.names.join(', ') },
    { label: 'packages', text: packagesText(environment) },
    ...environment.requirements.map(text => ({ label: 'needs', text })),
    solvedFor === null ? null : { label: 'solved', text: `for ${targetText(solvedFor)}` },
    snapshot === null
      ? null
      : { label: 'channels', text: `as of snapshot ${shortId(snapshot.id)}`, full: `snapshot ${snapshot.id}` },
    spec === null ? { label: 'came', text: 'as a lock' } : null,
    {
      label: 'created',
      text: `${localTime(environment.createdAt)} (${ago(secondsBetween(environment.createdAt, now))}) by ${environment.createdBy}`,
      full: environment.createdAt,
    },
    ...environment.notes.map(text => ({ label: 'note', text })),
    ...environment.on.map(one => ({ label: `on ${one.cluster}`, text: madeText(one, now) })),
  ]
  return facts.filter(fact => fact !== null)
}

function targetText(target: NonNullable<Environment['solvedFor']>): string {
  if ('cluster' in target) {
    const type = target.gpuType === undefined ? '' : `, GPU type ${target.gpuType}`
    return `${target.cluster} / ${target.partition}${type}`
  }
  const virtual = Object.entries(target.virtualPackages).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name} ${value}`],
  )
  return [target.platform, ...virtual].join(', ')
}

/** "ready, 1.2 GiB, used 2 h ago". */
export function madeText(one: Materialisation, now: number): string {
  const used = one.lastUsedAt === null ? '' : `used ${ago(secondsBetween(one.lastUsedAt, now))}`
  const jobs = one.jobs === 0 ? '' : `needed by ${count(one.jobs, 'job')}`
  const parts = [
    one.state,
    one.state === 'ready' ? '' : stepText(one),
    one.state === 'ready' && one.bytes !== null ? bytes(one.bytes) : '',
    one.state === 'ready' ? used : one.detail,
    jobs,
  ]
  return parts.filter(part => part !== '').join(', ')
}

function stepText({ step, progress }: Pick<Materialisation, 'step' | 'progress'>): string {
  if (step === null) return ''
  return progress === null ? step : `${step} ${progressText(progress)}`
}

function progressText({ done, of, unit }: NonNullable<Materialisation['progress']>): string {
  const figure = (value: number): string => (unit === 'bytes' ? bytes(value) : count(value, '', '').trim())
  const last = unit === 'bytes' ? '' : ` ${unit}`
  return of === null ? `${figure(done)}${last}` : `${figure(done)} of ${figure(of)}${last}`
}

/** It is being made, or waits for its turn. */
export const isBeingMade = ({ state }: Pick<Materialisation, 'state'>): boolean =>
  state === 'wanted' || state === 'making'

/** It is ready, or will not be without somebody's doing. One that is removed while somebody wants it is made anew after that. */
export const isBuilt = (one: Pick<Materialisation, 'state'>): boolean => !isBeingMade(one) && one.state !== 'removing'

const STEPS: Record<NonNullable<Materialisation['step']>, string> = {
  wait: 'waiting for its turn',
  download: 'downloading',
  install: 'installing',
  pip: 'installing the pip part',
  verify: 'verifying',
  pack: 'packing',
  publish: 'publishing',
}

/** Of an environment that is not there yet, for the progress line. */
export function buildView(one: Materialisation): StepView {
  const { state, step, progress, detail } = one
  if (state !== 'making' || step === null) return { step: state, detail, done: null, of: null }
  return {
    step: STEPS[step],
    detail: progress === null ? '' : progressText(progress),
    done: progress?.done ?? null,
    of: progress?.of ?? null,
  }
}

/** While a spec is solved. */
export function solveView(progress: SolveProgress): StepView {
  switch (progress.step) {
    case 'repodata': {
      const { how, bytes: done, of } = progress
      const name = documentOf(progress)
      if (how !== 'fetching') return { step: `${WORDS[how]} ${name}`, detail: '', done: null, of: null }
      const detail = of === null ? bytes(done) : `${bytes(done)} of ${bytes(of)}`
      return { step: `fetching ${name}`, detail, done, of }
    }
    case 'index': {
      const detail = progress.records === 0 ? '' : count(progress.records, 'record')
      return { step: `reading ${documentOf(progress)}`, detail, done: null, of: null }
    }
    case 'solve':
      return { step: 'solving', detail: count(progress.records, 'record'), done: null, of: null }
    case 'pip':
      return { step: 'working out the pip part', detail: count(progress.packages, 'package'), done: null, of: null }
  }
}

const WORDS = {
  asking: 'asking for',
  cache: 'known:',
  unchanged: 'unchanged:',
  fetched: 'fetched',
  snapshot: 'from the snapshot:',
} as const

const documentOf = ({ channel, subdir }: { channel: string; subdir: string }): string =>
  `${channel.replace(/^https?:\/\/[^/]+\//, '').replace(/\/$/, '')}/${subdir}`

export const LIST_COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'NAMES', flexible: true },
  { title: 'PACKAGES', align: 'right' },
  { title: 'PLATFORM' },
  { title: 'NEEDS', flexible: true },
  { title: 'READY ON', flexible: true },
  { title: 'CREATED' },
]

export function listRow(environment: Environment, now: number): Cell[] {
  const ready = environment.on.filter(({ state }) => state === 'ready').map(({ cluster }) => cluster)
  return [
    { text: shortId(environment.id), full: environment.id },
    environment.names.join(', '),
    String(environment.packages + environment.pipPackages),
    environment.platform,
    environment.requirements.join('; '),
    ready.join(', '),
    { text: ago(secondsBetween(environment.createdAt, now)), full: environment.createdAt },
  ]
}

export const COLLECT_COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'NAMES', flexible: true },
  { title: 'SIZE', align: 'right' },
  { title: 'FILES', align: 'right' },
  { title: 'LAST USED' },
  { title: 'OUTCOME', flexible: true },
]

export function collectRow(item: Collection['items'][number], now: number): Cell[] {
  const { lock, names, bytes: size, files, lastUsedAt, outcome } = item
  return [
    { text: shortId(lock), full: lock },
    names.join(', '),
    { text: size === null ? '' : bytes(size), full: size === null ? '' : String(size) },
    files === null ? '' : String(files),
    lastUsedAt === null ? 'never' : { text: ago(secondsBetween(lastUsedAt, now)), full: lastUsedAt },
    outcome,
  ]
}

/** What went wrong with one on a cluster, with what it was concluded from and what to do. */
export function troubleLines(one: Materialisation, style: Style): string[] {
  const drift = one.look?.drift ?? null
  const evidence = one.trouble?.evidence ?? []
  return [
    `  ${one.trouble?.detail ?? one.detail}`,
    ...evidence.slice(0, 8).map(line => `  ${style.dim(`seen: ${line}`)}`),
    ...(drift === null ? [] : driftLines(drift, style)),
  ]
}

const MOST_FILES = 10

function driftLines({ files, count: all }: NonNullable<NonNullable<Materialisation['look']>['drift']>, style: Style) {
  const shown = files.slice(0, MOST_FILES)
  const more = all - shown.length
  return [
    ...shown.map(
      ({ path, what, package: of }) => `  ${style.bad(what.padEnd(16))} ${path}${of === null ? '' : `  (${of})`}`,
    ),
    ...(more > 0 ? [`  and ${more} more: --json has up to 32`] : []),
  ]
}
