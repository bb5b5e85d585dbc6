// What keeps the worker itself from starting on a partition's nodes, whatever it is to train: it runs on Node.js 20 and newer.
import type { CompatibilityFinding, Fact, NodeKind } from '@trotline/contracts'
import { alikeIn } from '../clusters/node-hardware.ts'

/** nodejs/node, BUILDING.md: the binaries of Node.js 20 need glibc 2.28. */
const GLIBC = { major: 2, minor: 28 } as const
const NODE_MAJOR = 20

/**
 * Of every kind of node that the job may land on, because Slurm may choose any. Where its Node.js was seen to start no further
 * proof is needed: there are builds of it for older systems.
 */
export function nodeFindings(partition: string, kinds: readonly NodeKind[]): CompatibilityFinding[] {
  return alikeIn(kinds).flatMap(kind => {
    const { node, glibc } = kind.facts
    if (node !== null) {
      const where = whereOf(partition, kind, node)
      const major = /^v(\d+)\./.exec(node.value)?.[1]
      if (major !== undefined && Number(major) >= NODE_MAJOR) return []
      const detail =
        major === undefined
          ? `The worker's Node.js does not run on ${where}: ${node.value}`
          : `The worker needs Node.js ${NODE_MAJOR} or newer, and there is ${node.value} on ${where}`
      return [finding('node-runtime', detail, `Node.js ${NODE_MAJOR} or newer`, node.value, node.from)]
    }
    if (glibc === null || !tooOld(glibc.value)) return []
    const where = whereOf(partition, kind, glibc)
    const detail = `The worker's Node.js needs glibc ${GLIBC.major}.${GLIBC.minor}, and there is ${glibc.value} on ${where}`
    return [finding('glibc', detail, `glibc ${GLIBC.major}.${GLIBC.minor} or newer`, glibc.value, glibc.from)]
  })
}

/** The node that said so ("node --version on k01"); the others of the kind where it was not a node that did. */
function whereOf(partition: string, { nodes, nodeCount }: NodeKind, { from }: Fact): string {
  const said = / on (\S+)$/.exec(from)?.[1]
  const [first = '?'] = nodes
  const named = said !== undefined ? said : `${first}${nodeCount > 1 ? ` and ${nodeCount - 1} more` : ''}`
  return `${named} of partition ${partition}`
}

function tooOld(glibc: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(glibc) ?? []
  if (major === undefined || minor === undefined) return false
  return Number(major) < GLIBC.major || (Number(major) === GLIBC.major && Number(minor) < GLIBC.minor)
}

const finding = (
  rule: string,
  detail: string,
  required: string,
  found: string,
  from: string,
): CompatibilityFinding => ({
  gate: 'build-rest',
  rule,
  verdict: 'incompatible',
  detail,
  required,
  found: `${found} (${from})`,
  hint: 'Take a partition with newer nodes; the operator can name another Node.js for the nodes of this cluster',
  source: 'nodejs/node BUILDING.md',
  confidence: 'high',
})
