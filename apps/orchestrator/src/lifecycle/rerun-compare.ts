// What a repetition is compared by: the code, Node.js, the driver and the GPU, as they were and as they are. Each is the same, is
// accepted as another, or is a finding; what nobody can tell is said, and keeps nobody from it.
import type { Fact, Finding, PartitionFacts, RerunDifference } from '@trotline/contracts'
import { alikeIn, kindsFor } from '../clusters/node-hardware.ts'
import type { Original } from './rerun-original.ts'

export interface Compared {
  findings: Finding[]
  differences: string[]
  notes: string[]
}

export interface Nodes {
  /** null: nobody has seen the cluster's partitions yet. */
  partition: PartitionFacts | null
  /** "partition gpu of cluster local" */
  words: string
  gpuType: string | null
  usesGpus: boolean
  /** The name by which the matrix knows a GPU, so that `tesla_k80` and "Tesla K80" are one. */
  productOf(gpu: string): string
}

/** @param accept what may be another one */
export function compareNodes(original: Original, nodes: Nodes, accept: readonly RerunDifference[]): Compared {
  const compared: Compared = { findings: [], differences: [], notes: [] }
  const { partition, gpuType, usesGpus, productOf } = nodes
  const kinds = partition === null ? [] : alikeIn(usesGpus ? kindsFor(partition, gpuType) : partition.nodeKinds)
  const known = (of: (facts: (typeof kinds)[number]['facts']) => Fact | null): Fact[] =>
    kinds.flatMap(kind => of(kind.facts) ?? [])
  const one = (what: Comparison): void => compareOne(what, nodes.words, accept, compared)
  one({
    kind: 'runtime',
    pointer: `${original.pointer}/versions/runtime`,
    name: 'Node.js',
    was: original.runtime,
    // A sentence stands there where it does not start.
    is: known(facts => facts.node).filter(({ value }) => /^v\d/.test(value)),
    same: (was, is) => was === is,
  })
  if (!usesGpus) return compared
  one({
    kind: 'driver',
    pointer: `${original.pointer}/hardware/driver`,
    name: "NVIDIA's driver",
    was: original.driver,
    is: known(facts => facts.driver),
    same: (was, is) => was === is,
  })
  one({
    kind: 'gpu',
    pointer: `${original.pointer}/hardware/gpu`,
    name: 'the GPU',
    was: original.gpu,
    is: known(facts => facts.gpu),
    same: (was, is) => productOf(was) === productOf(is),
  })
  return compared
}

interface Comparison {
  kind: RerunDifference
  pointer: string
  name: string
  was: string | null
  is: Fact[]
  same(was: string, is: string): boolean
}

function compareOne(what: Comparison, words: string, accept: readonly RerunDifference[], to: Compared): void {
  const { kind, name, was, is } = what
  // It never ran, or ran where nobody had looked: there is nothing that it would have to be.
  if (was === null) return
  if (is.length === 0) {
    to.notes.push(`Nobody has looked what ${name} is on ${words}; before it was ${was}.`)
    return
  }
  // Slurm may have chosen any of them before, as it may now.
  if (is.some(fact => what.same(was, fact.value))) return
  const found = [...new Set(is.map(({ value }) => value))].join(', ')
  const difference = `${name} on ${words} is ${found}, and was ${was}`
  if (accept.includes(kind)) {
    to.differences.push(`${capital(difference)}.`)
    return
  }
  const [newest] = is.toSorted((a, b) => (a.at < b.at ? 1 : -1))
  to.findings.push({
    pointer: what.pointer,
    detail: `${capital(difference)}.`,
    required: was,
    found,
    hint: `It may come out otherwise: accept: ["${kind}"], or a partition whose nodes have ${was}.`,
    ...(newest === undefined ? {} : { source: `${newest.from}, ${newest.at}` }),
  })
}

/** Where the release that ran it can be had. */
export type ReleaseFound = 'present' | 'older' | 'gone'

/** @param now the release that would run it today */
export function compareRelease(
  original: Original,
  found: ReleaseFound,
  now: string,
  accept: readonly RerunDifference[],
): Compared & { release: string | null } {
  const none: Compared = { findings: [], differences: [], notes: [] }
  const was = original.release
  if (was === null) return { ...none, release: null }
  if (found !== 'gone') return { ...none, release: was }
  const difference = `The worker release ${short(was)} that ran it lies neither on this server nor on the cluster`
  if (accept.includes('release'))
    return { ...none, release: null, differences: [`${difference}: ${short(now)} runs it.`] }
  const finding: Finding = {
    pointer: `${original.pointer}/versions/release`,
    detail: `${difference} any more.`,
    required: was,
    found: now,
    hint: 'Another code may train to other weights: accept: ["release"] runs it with the present one.',
  }
  return { ...none, release: null, findings: [finding] }
}

const short = (id: string): string => id.slice(0, 12)
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
