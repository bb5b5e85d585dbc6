// A spec becomes packages: what can be reached of the channels is given to the solver, together with what the nodes have; where no set
// of packages fits, it is told why. Pure but for the solver: whoever calls brings the documents, and the time and memory that it may take.
import type { CondaPlatform, EnvironmentSpec, LockedPip, VirtualPackages } from '@trotline/contracts'
import { type ArchiveRecord, makeLock, type PinnedLock } from '../lock/make-lock.ts'
import { requirementsOf } from '../lock/requirements.ts'
import { type PlacedFinding, placed, type Reading } from '../reading.ts'
import { channelsAsked } from '../spec/channels-asked.ts'
import { type ExplainOrder, explain } from './explain.ts'
import type { ChosenPackage, Rattler, RattlerAnswer } from './rattler.ts'
import { type Channel, type Reachable, reach } from './reachable.ts'
import { type Root, rootsOfSpec } from './roots.ts'
import type { Fitting } from './too-old.ts'
import { isLines, isReadable, parsedRecord } from './usable.ts'
import { offeredPackages, rootsOf, virtualDocuments } from './virtual.ts'

export interface SolveOrder {
  spec: EnvironmentSpec
  platform: CondaPlatform
  virtualPackages: VirtualPackages
  /** Whose they are, in words: `partition gpuold`. */
  targetWords: string
  /** It is to run on a GPU. */
  gpu: boolean
  /** In order of priority; those that single packages are pinned to come last. `written` is how the spec has it. */
  channels: readonly (Channel & { written: string })[]
}

export interface Choice {
  platform: CondaPlatform
  records: ArchiveRecord[]
  /** For pip; null: there is none. */
  python: string | null
  notes: PlacedFinding[]
}

/** spec: it cannot be asked. impossible: nothing fits. garbage: the channels hold what the solver cannot read. */
export type Solving =
  | { ok: true; choice: Choice }
  | { ok: false; because: 'spec' | 'impossible' | 'garbage'; findings: PlacedFinding[]; tree: string | null }

export interface SolveOptions {
  onReached?: (counts: { records: number; names: number }) => void
  /** Nothing fits: from here on it is explained why. */
  onRefused?: (tree: string) => void
  /** false: explaining has to end, without more questions. */
  mayGoOn?: () => boolean
}

const PIP = 'pip'

export async function chooseConda(order: SolveOrder, rattler: Rattler, options: SolveOptions = {}): Promise<Solving> {
  const { spec, platform, virtualPackages, targetWords, gpu } = order
  const cuda = virtualPackages.__cuda
  if (gpu && (cuda === undefined || cuda === null)) return refused('impossible', [noDriver(targetWords, cuda === null)])
  const read = rootsOfSpec(spec)
  if (Array.isArray(read)) return refused('spec', read)
  const { listed } = channelsAsked(spec)
  const urlOf = new Map(order.channels.map(one => [one.written, one.url]))
  const nameOf = new Map([...order.channels].reverse().map(one => [one.url, one.written]))
  const roots = withPip(spec, read.roots)
  const reachOrder = {
    platform,
    // A channel under two names is one.
    channels: order.channels.filter((one, i) => order.channels.findIndex(other => other.url === one.url) === i),
    pinnedOnly: new Set(
      order.channels.filter(one => !listed.some(name => urlOf.get(name) === one.url)).map(one => one.url),
    ),
    pins: new Map([...read.pins].map(([name, channel]) => [name, urlOf.get(channel) ?? channel])),
    roots: roots.map(one => one.name),
  }
  let reachable = reach(reachOrder)
  options.onReached?.(reachable)
  const ask = (some: readonly Root[], nodes: VirtualPackages): Promise<RattlerAnswer> => {
    const offered = offeredPackages(platform, nodes)
    return rattler.ask({
      specs: [...some.map(one => one.text), ...rootsOf(offered)],
      documents: [...reachable.documents, ...virtualDocuments(offered, platform)],
      platform,
    })
  }
  let answer = await ask(roots, virtualPackages)
  if (answer.kind === 'unreadable') {
    reachable = reach({ ...reachOrder, usable: record => isReadable(record, rattler.readsVersion) })
    answer = await ask(roots, virtualPackages)
  }
  if (answer.kind === 'unreadable')
    return refused('garbage', [
      placed({ detail: `The solver cannot read the channels: ${answer.words}.` }, '/channels'),
    ])
  const notes = notesOf(reachable, read.roots, roots)
  if (answer.kind === 'solved') return { ok: true, choice: choiceOf(answer.packages, reachable, platform, notes) }
  options.onRefused?.(answer.tree)
  const packagesOn = async (nodes: VirtualPackages): Promise<Fitting | null> => {
    const other = await ask(roots, nodes)
    return other.kind === 'solved' ? fittingOf(choiceOf(other.packages, reachable, platform, [])) : null
  }
  const explaining: ExplainOrder = {
    ...{ roots, channels: reachOrder.channels, reachable, virtualPackages, targetWords, platform, tree: answer.tree },
    channelName: url => nameOf.get(url) ?? url,
    ask: packagesOn,
    refusal: async some => {
      const other = await ask(some, virtualPackages)
      return other.kind === 'refused' ? other.tree : null
    },
    mayGoOn: options.mayGoOn ?? (() => true),
  }
  const { findings, tree } = await explain(explaining)
  return refused('impossible', [...findings, ...notes], tree)
}

/** With what pip adds. Findings: a record without hashes, an address that is none. */
export function lockOf({ platform, records }: Choice, pip: readonly LockedPip[]): Reading<PinnedLock> {
  return makeLock({ platform, records, pip })
}

function refused(
  because: 'spec' | 'impossible' | 'garbage',
  findings: PlacedFinding[],
  tree: string | null = null,
): Solving {
  return { ok: false, because, findings, tree }
}

function noDriver(targetWords: string, none: boolean): PlacedFinding {
  return placed(
    {
      detail: none
        ? `${capital(targetWords)} has no driver for CUDA, and the environment is to run on a GPU.`
        : `Which CUDA the driver of ${targetWords} supports is not known, and the environment is to run on a GPU.`,
      required: 'the version of __cuda that the nodes offer',
      hint: none ? 'Choose a partition with GPUs.' : 'Have the partition looked at, or give virtualPackages by hand.',
    },
    '/target',
  )
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)

/** conda adds pip where a spec has a part for it and does not list it; nothing could install that part otherwise. */
function withPip(spec: EnvironmentSpec, roots: readonly Root[]): readonly Root[] {
  const at = spec.dependencies.findIndex(one => typeof one !== 'string')
  if (at === -1 || roots.some(one => one.name === PIP)) return roots
  const match = { channel: null, name: PIP, version: null, build: null }
  const added: Root = { name: PIP, text: PIP, written: PIP, match, pin: null, pointer: `/dependencies/${at}` }
  return [...roots, added].sort((a, b) => (a.text < b.text ? -1 : 1))
}

function choiceOf(
  packages: readonly ChosenPackage[],
  reachable: Reachable,
  platform: CondaPlatform,
  notes: PlacedFinding[],
): Choice {
  const records = packages.flatMap(({ channel, subdir, fileName }) => {
    const record = reachable.recordOf(channel, subdir, fileName)
    // What the nodes have is no package.
    return record === undefined ? [] : [archiveOf(channel, subdir, fileName, parsedRecord(record.text) ?? {})]
  })
  records.sort((a, b) => (a.url < b.url ? -1 : 1))
  return { platform, records, python: records.find(one => one.name === 'python')?.version ?? null, notes }
}

function archiveOf(
  channel: string,
  subdir: string,
  fileName: string,
  record: Readonly<Record<string, unknown>>,
): ArchiveRecord {
  const text = (key: string): string | undefined => {
    const value = record[key]
    return typeof value === 'string' ? value : undefined
  }
  const lines = (key: string): string[] => (isLines(record[key]) ? record[key] : [])
  return {
    url: `${channel}/${subdir}/${fileName}`,
    name: text('name'),
    version: text('version'),
    build: text('build'),
    md5: text('md5'),
    sha256: text('sha256'),
    size: Number.isSafeInteger(record.size) ? Number(record.size) : null,
    depends: lines('depends'),
    constrains: lines('constrains'),
  }
}

/** Of packages that will not be locked: for a sentence about what they need. */
function fittingOf({ records, platform }: Choice): Fitting {
  const packages = records.map(({ name = '', version = '', depends, constrains }) => ({
    name,
    version,
    depends,
    constrains,
  }))
  const lacking = { build: '', subdir: platform, url: '', md5: '', sha256: '', size: null }
  return {
    virtualPackages: requirementsOf(packages),
    conda: packages.map(({ name, version }) => ({ ...lacking, name, version })),
  }
}

function notesOf({ leftOut }: Reachable, asked: readonly Root[], roots: readonly Root[]): PlacedFinding[] {
  return [
    ...[...leftOut].map(([why, count]) =>
      placed(
        {
          detail:
            count === 1
              ? `One record of the channels was left out: it has ${why}.`
              : `${count} records of the channels were left out: they have ${why}.`,
        },
        '/channels',
      ),
    ),
    ...(roots.length > asked.length
      ? [placed({ detail: 'pip was added: the spec has a part for it.' }, '/dependencies')]
      : []),
  ]
}
