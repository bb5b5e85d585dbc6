// Nodes of one kind that are not alike after all, in words: "gpu03 has driver 390.46, the others 396.37". Pure.
import type { NodeSighting } from '@trotline/contracts'
import { compareVersions } from './version-order.ts'

type Told = (look: NodeSighting) => string | null

/** What must be the same for a job not to care where it lands. Kernels and systems differ while a site updates, and nobody minds. */
const COMPARED: readonly (readonly [what: string, value: Told])[] = [
  ['driver', look => look.driver],
  ['GPU', look => [...new Set(look.gpus.map(({ name }) => name))].toSorted().join(' and ') || null],
  ['glibc', look => look.glibc],
  ['architecture', look => look.cpuArch],
  ['Node.js', look => look.nodeVersion],
]

const TROUBLES: readonly Told[] = [look => look.gpuTrouble, look => look.nodeTrouble]

const MOST_CHARACTERS = 500

/** A node with trouble is told apart only where another is without: trouble that all have is a fact of the kind. */
export function differencesIn(looks: readonly NodeSighting[]): string[] {
  const told: string[] = []
  for (const [what, value] of COMPARED) {
    const having = looks.flatMap(look => {
      const found = value(look)
      return found === null ? [] : [{ node: look.node, found }]
    })
    const usual = usualOf(having.map(({ found }) => found))
    const others = having.filter(({ found }) => found === usual)
    const who = others.length === 1 ? others[0]?.node : 'the others'
    for (const { node, found } of having)
      if (found !== usual) told.push(`${node} has ${what} ${found}, ${who} ${usual}`)
  }
  for (const trouble of TROUBLES) {
    const troubled = looks.filter(look => trouble(look) !== null)
    if (troubled.length < looks.length) for (const look of troubled) told.push(`${look.node}: ${trouble(look)}`)
  }
  return told.map(line => line.slice(0, MOST_CHARACTERS))
}

/** What most have; of two that equally many have, the newer. */
function usualOf(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted(([a, of], [b, ofOther]) => ofOther - of || compareVersions(b, a))[0]?.[0]
}
