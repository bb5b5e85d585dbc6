// Where a job is repeated: on the cluster and partition where it was, or on those that the person names. What belongs to the old
// place alone (an account, a reservation) goes no further than that place.
import type { Finding, JobRequest, PartitionFacts, RerunRequest } from '@trotline/contracts'
import type { Original } from './rerun-original.ts'

type Wish = Pick<RerunRequest, 'name' | 'cluster' | 'partition' | 'gpuType' | 'account' | 'qos'>
type Resources = JobRequest['resources']

export interface Placed {
  request: JobRequest
  /** In words. */
  differences: string[]
}

/** The request as it would be sent there. Whether there is such a place: `placeFindings`. */
export function placed({ request, elsewhere }: Original, wish: Wish): Placed {
  const before = request.resources
  const cluster = wish.cluster ?? request.cluster
  const moved = elsewhere || cluster !== request.cluster
  const kept = moved ? ofNoPlace(before) : { resources: before, left: [] }
  const resources: Resources = {
    ...kept.resources,
    partition: wish.partition ?? before.partition,
    gpuType: wish.gpuType === undefined ? before.gpuType : wish.gpuType,
    account: wish.account ?? kept.resources.account,
    qos: wish.qos ?? kept.resources.qos,
    // When it was to start belongs to that time.
    hold: false,
    beginAt: null,
    afterJobs: [],
  }
  const differences: string[] = []
  const here = `${cluster} / ${resources.partition}`
  const there = `${request.cluster} / ${before.partition}`
  if (elsewhere) differences.push(`It runs on ${here}, and ran on ${there} of another installation.`)
  else if (here !== there) differences.push(`It runs on ${here}, and ran on ${there}.`)
  if (resources.gpuType !== before.gpuType)
    differences.push(`It asks for ${typeText(resources.gpuType)}, and asked for ${typeText(before.gpuType)}.`)
  for (const [name, value] of kept.left)
    if (resources[name] === null || Array.isArray(resources[name]))
      differences.push(`${name} ${value} means nothing on another cluster and is left out.`)
  return { request: { ...request, name: wish.name ?? request.name, cluster, resources }, differences }
}

const typeText = (type: string | null): string => (type === null ? 'any GPU' : `GPUs of type ${type}`)

const OF_A_PLACE = ['account', 'qos', 'constraint', 'reservation', 'licenses'] as const
type OfAPlace = (typeof OF_A_PLACE)[number] | 'excludeNodes'

function ofNoPlace(resources: Resources): { resources: Resources; left: [OfAPlace, string][] } {
  const left: [OfAPlace, string][] = OF_A_PLACE.flatMap(name => {
    const value = resources[name]
    return value === null ? [] : [[name, value]]
  })
  if (resources.excludeNodes.length > 0) left.push(['excludeNodes', resources.excludeNodes.join(',')])
  const none = { account: null, qos: null, constraint: null, reservation: null, licenses: null, excludeNodes: [] }
  return { resources: { ...resources, ...none }, left }
}

export interface Offered {
  /** All of this server. */
  clusters: readonly string[]
  /** Those of the cluster that the caller may use; null: nobody has seen the cluster yet. */
  partitions: readonly PartitionFacts[] | null
}

/** What is gone of the place: a cluster, a partition, its GPUs. One finding, as each of them makes the next meaningless. */
export function placeFindings(original: Original, request: JobRequest, offered: Offered): Finding[] {
  const { gpus, gpuType, partition } = request.resources
  const at = (field: string): string => `${original.pointer}/request${field}`
  if (!offered.clusters.includes(request.cluster))
    return [
      {
        pointer: at('/cluster'),
        detail: `There is no cluster "${request.cluster}" here.`,
        required: request.cluster,
        found: offered.clusters.join(', '),
        hint: 'Name another place: cluster and partition.',
      },
    ]
  if (offered.partitions === null) return []
  const found = offered.partitions.find(({ name }) => name === partition)
  if (found === undefined)
    return [
      {
        pointer: at('/resources/partition'),
        detail: `Cluster ${request.cluster} has no partition "${partition}" any more.`,
        required: partition,
        found: offered.partitions.map(({ name }) => name).join(', '),
        hint: 'Name another: partition.',
      },
    ]
  if (gpus === 0 || has(found, gpuType)) return []
  const others = offered.partitions.filter(one => has(one, gpuType)).map(({ name }) => name)
  const types = found.gpus.flatMap(({ type }) => type ?? [])
  return [
    {
      pointer: at(gpuType === null ? '/resources/gpus' : '/resources/gpuType'),
      detail:
        gpuType === null
          ? `Partition ${partition} has no GPU any more.`
          : `Partition ${partition} has no GPU of type "${gpuType}" any more.`,
      required: gpuType ?? `${gpus} of any type`,
      found: types.length > 0 ? types.join(', ') : found.gpus.length > 0 ? 'GPUs of no named type' : 'none',
      hint: instead(gpuType, others, found.gpus.length > 0),
    },
  ]
}

const has = ({ gpus }: PartitionFacts, type: string | null): boolean =>
  gpus.some(gpu => type === null || gpu.type === type)

function instead(gpuType: string | null, others: readonly string[], hasOthers: boolean): string {
  const ways = [
    ...(others.length > 0 ? [`partition ${others.join(' or ')} has ${gpuType === null ? 'some' : 'it'}`] : []),
    ...(hasOthers ? ['gpuType may name one of those that are there, with accept: ["gpu", "driver"]'] : []),
  ]
  return ways.length > 0
    ? `Name another: ${ways.join('; ')}.`
    : 'It can be repeated on a cluster that has such GPUs only.'
}
