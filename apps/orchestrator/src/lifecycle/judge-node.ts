// What keeps the worker itself from starting on a partition's nodes, whatever it is to train: it runs on Node.js 20 and newer.
import type { CompatibilityFinding, NodeKind } from '@trotline/contracts'

/** nodejs/node, BUILDING.md: the binaries of Node.js 20 need glibc 2.28. */
const GLIBC = { major: 2, minor: 28 } as const
const NODE_MAJOR = 20

/**
 * Of every kind of node that the job may land on, because Slurm may choose any. Where its Node.js was seen to start no further
 * proof is needed: there are builds of it for older systems.
 */
export function nodeFindings(partition: string, kinds: readonly NodeKind[]): CompatibilityFinding[] {
  return kinds.flatMap(({ nodes, nodeCount, facts: { node, glibc } }) => {
    const where = `${nodes[0] ?? '?'}${nodeCount > 1 ? ` and ${nodeCount - 1} more` : ''}`
    if (node !== null) {
      const major = /^v(\d+)\./.exec(node.value)?.[1]
      if (major !== undefined && Number(major) >= NODE_MAJOR) return []
      const detail =
        major === undefined
          ? `The worker's Node.js does not run on nodes of partition ${partition} (${where}): ${node.value}`
          : `The worker needs Node.js ${NODE_MAJOR} or newer, and nodes of partition ${partition} (${where}) have ${node.value}`
      return [finding('node-runtime', detail, `Node.js ${NODE_MAJOR} or newer`, node.value, node.from)]
    }
    if (glibc === null || !tooOld(glibc.value)) return []
    const detail = `The worker's Node.js needs glibc ${GLIBC.major}.${GLIBC.minor}, and nodes of partition ${partition} (${where}) have ${glibc.value}`
    return [finding('glibc', detail, `glibc ${GLIBC.major}.${GLIBC.minor} or newer`, glibc.value, glibc.from)]
  })
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
