// Nodes that are too old, or of which something is not known: the least they would have to offer for the spec to be solved, found by
// asking the solver about other nodes, and told by what the packages that it then chooses require.
import type { LockedConda, VirtualPackages, VirtualRequirement } from '@trotline/contracts'
import { type UnmetRequirement, unmet, unmetText } from '../lock/unmet.ts'
import { type PlacedFinding, placed } from '../reading.ts'
import { compareConda, parseCondaVersion } from '../versions/conda.ts'

/** What a set of packages requires of nodes, and the packages. */
export interface Fitting {
  virtualPackages: VirtualRequirement[]
  conda: LockedConda[]
}

/** null: no set of packages fits those nodes either. */
export type AskNodes = (nodes: VirtualPackages) => Promise<Fitting | null>

export interface TooOldOrder {
  virtualPackages: VirtualPackages
  targetWords: string
  /** Of the documents: what nodes are asked for is looked up in them. */
  texts: readonly string[]
  ask: AskNodes
  mayGoOn: () => boolean
}

/** Which is asked about first is what people can do the least about. */
const NAMES = ['__cuda', '__cuda_arch', '__glibc', '__archspec', '__linux'] as const
type Name = (typeof NAMES)[number]

/** Empty: it is not the nodes, or there was no time to tell. */
export async function nodesTooOld(order: TooOldOrder): Promise<PlacedFinding[]> {
  const { virtualPackages, texts, ask, mayGoOn } = order
  const better = NAMES.map(name => ({ name, values: betterThan(name, virtualPackages[name], texts) })).filter(
    one => one.values.length > 0,
  )
  for (const one of better) {
    const found = await leastThatFits(one, virtualPackages, ask, mayGoOn)
    if (found !== null) return one.name === '__archspec' ? toldOfProcessor(found, order) : told(found.fitting, order)
  }
  if (better.length < 2) return []
  // None alone: all at their best, and then each brought down as far as it goes.
  let nodes: VirtualPackages = {
    ...virtualPackages,
    ...Object.fromEntries(better.map(({ name, values }) => [name, values.at(-1)])),
  }
  let fitting = mayGoOn() ? await ask(nodes) : null
  if (fitting === null) return []
  for (const one of better) {
    const found = await leastThatFits(one, nodes, ask, mayGoOn)
    if (found === null) continue
    nodes = { ...nodes, [one.name]: found.value }
    fitting = found.fitting
  }
  return told(fitting, order)
}

interface Better {
  name: Name
  /** Rising; of processors each for itself. */
  values: readonly string[]
}

/** Whatever fits nodes fits newer ones: the least is found by halving. null: the newest is not enough, or there was no time. */
async function leastThatFits(
  { name, values }: Better,
  nodes: VirtualPackages,
  ask: AskNodes,
  mayGoOn: () => boolean,
): Promise<{ value: string; fitting: Fitting } | null> {
  const askFor = async (value = ''): Promise<{ value: string; fitting: Fitting } | null> => {
    const fitting = mayGoOn() ? await ask({ ...nodes, [name]: value }) : null
    return fitting === null ? null : { value, fitting }
  }
  if (name === '__archspec') {
    for (const value of values) {
      const found = await askFor(value)
      if (found !== null) return found
    }
    return null
  }
  let best = await askFor(values.at(-1))
  let [from, to] = [0, values.length - 1]
  while (best !== null && from < to && mayGoOn()) {
    const middle = (from + to) >> 1
    const found = await askFor(values[middle])
    if (found === null) from = middle + 1
    else [best, to] = [found, middle]
  }
  return best
}

const MOST_VALUES = 200

/** Rising: the versions that records ask for, as far as these nodes do not have them; 0 stands for any. */
function betterThan(name: Name, has: string | null | undefined, texts: readonly string[]): string[] {
  const asked = new Set<string>()
  const lines = new RegExp(`"${name}([ =<>!~][^"\\\\]{1,100})?"`, 'g')
  const written = new Set(texts.flatMap(text => [...text.matchAll(lines)].map(match => match[1] ?? '')))
  for (const line of written) {
    const [version = '', build] = line.trim().split(/\s+/)
    if (name === '__archspec') {
      if (build !== undefined && /^[A-Za-z0-9_]{1,32}$/.test(build) && build !== has) asked.add(build)
    } else if (version === '' || version === '*') asked.add('0')
    else
      for (const [, bound] of version.matchAll(/(?:^|[=>,|])(\d{1,3}(?:\.\d{1,5}){0,3})(?=[,|*]|\.\*|$)/g))
        asked.add(bound ?? '')
  }
  if (name === '__archspec') return [...asked].sort().slice(0, MOST_VALUES)
  const least = has === undefined || has === null ? null : parseCondaVersion(has)
  return [...asked]
    .flatMap(text => {
      const version = parseCondaVersion(text)
      return version === null || (least !== null && compareConda(version, least) <= 0) ? [] : [{ text, version }]
    })
    .sort((a, b) => compareConda(a.version, b.version))
    .map(one => one.text)
    .slice(0, MOST_VALUES)
}

function told(fitting: Fitting, order: TooOldOrder): PlacedFinding[] {
  // What is not known is not offered to the solver: it counts as none here, and is told as unknown.
  const offered = { ...order.virtualPackages }
  for (const name of NAMES) if (name !== '__archspec') offered[name] ??= null
  return unmet(fitting, offered).map(one => findingOf(one, fitting, order))
}

/** To `unmet` a processor of no known level is as good as any; the solver takes it for the least. */
function toldOfProcessor({ value, fitting }: { value: string; fitting: Fitting }, order: TooOldOrder): PlacedFinding[] {
  const asks = fitting.virtualPackages.filter(one => one.name === '__archspec' && one.requires.endsWith(` ${value}`))
  const offered = order.virtualPackages.__archspec ?? null
  return asks.slice(0, 1).map(one => findingOf({ ...one, offered, floor: null }, fitting, order))
}

function findingOf(
  one: UnmetRequirement,
  fitting: Fitting,
  { virtualPackages, targetWords }: TooOldOrder,
): PlacedFinding {
  const text = unmetText(one, fitting, targetWords)
  const known = virtualPackages[one.name as Name] !== undefined
  return placed(
    {
      detail: known ? text : `${text.slice(0, text.lastIndexOf('; '))}; what ${targetWords} has is not known.`,
      required: `${one.name} ${one.requires}`,
      ...(one.offered === null ? {} : { found: `${one.name} ${one.offered}` }),
    },
    '/dependencies',
  )
}
