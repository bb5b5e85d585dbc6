// Where else a refused job would run: the cluster's other partitions and GPU types, each judged as the job's own was.
import {
  gpuSoftware,
  type JobRequest,
  type PartitionFacts,
  type Software,
  type SuggestedChange,
  type Suggestion,
  willRun,
} from '@trotline/contracts'
import { kindsFor } from '../clusters/node-hardware.ts'
import type { Elsewhere } from './compatibility.ts'
import type { JudgeInput } from './judge-input.ts'
import { nodeFindings } from './judge-node.ts'
import { placesOf, worstOf } from './judge-place.ts'
import { judgeWorker } from './judge-worker.ts'

/** More than a person would read. */
const MOST = 5

/** For presets and models, whose software is what it is: the fewest changes first. */
export function elsewhere({ request, cluster, partitions, fits, compatibility }: Asked): Suggestion[] {
  const { resources } = request
  const found: Suggestion[] = []
  /** Partitions of which any GPU will do. */
  const anyOf = new Set<string>()
  for (const partition of partitions) {
    for (const gpuType of typesOf(partition, resources.gpuType)) {
      if (partition.name === resources.partition && gpuType === resources.gpuType) continue
      if (gpuType !== null && anyOf.has(partition.name)) continue
      if (!fits({ ...resources, partition: partition.name, gpuType })) continue
      if (nodeFindings(partition.name, kindsFor(partition, gpuType)).length > 0) continue
      const places = placesOf(cluster.name, partition, gpuType)
      const { report } = worstOf(places, place => judgeWorker(place, cluster, compatibility))
      if (!willRun(report.verdict)) continue
      if (gpuType === null) anyOf.add(partition.name)
      const changes = changesFrom(resources, partition.name, gpuType)
      const software: Software = gpuSoftware(cluster.compatibility.libtensorflow)
      found.push({
        software,
        partition: partition.name === resources.partition ? null : partition.name,
        verdict: report.verdict,
        changes,
        detail: `The same request runs on partition ${partition.name}${gpuType === null ? '' : `, GPU type ${gpuType}`}: ${report.detail}`,
        install: null,
        warnings: report.findings.filter(finding => finding.verdict === 'compatible-with-warning'),
      })
    }
  }
  const cost = ({ changes, verdict }: Suggestion): number => changes.length * 2 + (verdict === 'compatible' ? 0 : 1)
  return found.toSorted((a, b) => cost(a) - cost(b)).slice(0, MOST)
}

type Asked = Pick<JudgeInput, 'request' | 'cluster' | 'partitions' | 'fits' | 'compatibility'>

/** Without a type all of them count: where that one will do, none has to be named. */
function typesOf({ gpus }: PartitionFacts, asked: string | null): (string | null)[] {
  const types = gpus.flatMap(({ type }) => type ?? [])
  return asked !== null && types.includes(asked) ? [asked, ...types.filter(type => type !== asked)] : [null, ...types]
}

function changesFrom(from: JobRequest['resources'], partition: string, gpuType: string | null): SuggestedChange[] {
  const changes: SuggestedChange[] = []
  if (partition !== from.partition) changes.push({ field: 'partition', from: from.partition, to: partition })
  if (gpuType !== from.gpuType) changes.push({ field: 'gpuType', from: from.gpuType, to: gpuType ?? 'null' })
  return changes
}

/** For environments, whose software may change instead. */
export const othersOf = ({ request: { resources }, cluster, partitions, fits }: Asked): Elsewhere => ({
  partition: resources.partition,
  others: partitions
    .filter(({ name, gpus }) => name !== resources.partition && gpus.length > 0)
    .filter(({ name }) => fits({ ...resources, partition: name, gpuType: null }))
    .flatMap(partition =>
      placesOf(cluster.name, partition, null).map(({ hardware }) => ({ partition: partition.name, hardware })),
    ),
})
