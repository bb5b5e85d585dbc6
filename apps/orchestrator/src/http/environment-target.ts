// Where an environment is to run, as a request says it: a partition of a cluster, looked up, or facts by hand.
import type { CompatibilityReport, EnvironmentLock, SolveTarget } from '@trotline/contracts'
import { type SolveFor, solveForFacts, solveForPartition } from '../lifecycle/environment-problem.ts'
import { offersOf } from '../lifecycle/environment-target.ts'
import { type JudgedOn, lockJudged } from '../lifecycle/judge-lock.ts'
import { NOWHERE, placesOf } from '../lifecycle/judge-place.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

export interface FoundTarget {
  solveFor(): SolveFor
  judge(lock: EnvironmentLock): CompatibilityReport
}

type Needs = Pick<Services, 'clusters' | 'facts' | 'compatibility' | 'storeTime'>

/** @throws ProblemError request-refused for what is not there, cluster-unreachable where nobody has seen the cluster */
export async function targetFound(
  target: SolveTarget,
  { clusters, facts, compatibility, storeTime }: Needs,
): Promise<FoundTarget> {
  const judgedOn = (on: JudgedOn) => (lock: EnvironmentLock) => lockJudged(lock, on, compatibility).report
  if ('virtualPackages' in target) {
    const { platform, virtualPackages } = target
    return {
      solveFor: () => solveForFacts(target),
      judge: judgedOn({ offers: [{ platform, virtualPackages, nodes: [] }], where: 'the target', places: null }),
    }
  }
  const { cluster: name, partition: wanted, gpuType = null } = target
  const cluster = clusters.find(candidate => candidate.name === name)
  if (!cluster)
    throw misnamed(
      '/target/cluster',
      `There is no cluster "${name}"`,
      name,
      clusters.map(one => one.name),
    )
  const seen = await storeTime()(() => facts.readFacts(name))
  const listed = (seen?.partitions ?? []).filter(each => cluster.partitions?.includes(each.name) ?? true)
  if (seen === null)
    throw new ProblemError(
      'cluster-unreachable',
      `Cluster ${name} was never seen, so nobody knows its nodes; /readyz says what keeps it away.`,
    )
  const partition = listed.find(each => each.name === wanted)
  if (!partition) {
    const names = listed.map(each => each.name)
    throw misnamed('/target/partition', `Cluster ${name} has no partition "${wanted}"`, wanted, names)
  }
  const types = partition.gpus.flatMap(({ type }) => type ?? [])
  if (gpuType !== null && !types.includes(gpuType))
    throw misnamed('/target/gpuType', `Partition ${wanted} has no GPU of type "${gpuType}"`, gpuType, types)
  const gpu = partition.gpus.length > 0
  const places = gpu ? placesOf(name, partition, gpuType) : null
  return {
    solveFor: () => solveForPartition({ cluster: name, partition: wanted, gpuType, gpu }, partition, compatibility),
    judge(lock) {
      const offers = offersOf(partition, { gpuType, gpu }, compatibility)
      const { report, place } = lockJudged(lock, { offers, where: `partition ${wanted}`, places }, compatibility)
      const facts = (place ?? places?.[0] ?? NOWHERE).facts
      return facts === null ? report : { ...report, facts }
    },
  }
}

function misnamed(pointer: string, detail: string, found: string, there: readonly string[]): ProblemError {
  const required = there.length > 0 ? `one of ${there.join(', ')}` : 'none: there is none'
  return new ProblemError('request-refused', `${detail}.`, [{ pointer, detail, found, required }])
}
