// Every key in the store, and which of them list a job. Times in scores are milliseconds.
import type { JobRecord } from './record.ts'

export interface Keys {
  job(id: string): string
  /** The job's signing key: apart from the record, so that no listing can show it. */
  secret(id: string): string
  events(id: string): string
  epochs(id: string): string
  finalEpochs(id: string): string
  due(cluster: string): string
  lease(cluster: string): string
  leaseCount(cluster: string): string
  idempotency(owner: string, keySha256: string): string
  all(): string
  byOwner(owner: string): string
  byOwnerState(owner: string, state: string): string
  byClusterState(cluster: string, state: string): string
  byState(state: string): string
  byOwnerLabel(owner: string, key: string, value: string): string
  /** Pub/sub: the id of a job whose record or epochs changed. */
  changed(): string
  /** Pub/sub: questions to the process that owns a cluster. */
  ask(cluster: string): string
  /** What the last minute has spent of a ceiling. */
  spent(cluster: string, budget: string): string
  /** Who may have a connection to the cluster now, by the end of their permission. */
  connections(cluster: string): string
  /** Who paused the cluster, since when and why; absent: nobody. */
  paused(cluster: string): string
  /** Breakers and footprint as the owner last told them. */
  cost(cluster: string): string
  /** The newest look at each node. */
  sightings(cluster: string): string
  /** The last look at each kind of node, or the one under way. */
  probes(cluster: string): string
}

export function createKeys(prefix: string): Keys {
  const key = (...parts: string[]): string => [prefix, ...parts].join(':')
  return {
    job: id => key('job', id),
    secret: id => key('job-key', id),
    events: id => key('events', id),
    epochs: id => key('epochs', id),
    finalEpochs: id => key('epochs-final', id),
    due: cluster => key('due', cluster),
    lease: cluster => key('lease', cluster),
    leaseCount: cluster => key('lease-count', cluster),
    idempotency: (owner, keySha256) => key('idempotency', owner, keySha256),
    all: () => key('jobs'),
    byOwner: owner => key('jobs', 'owner', owner),
    byOwnerState: (owner, state) => key('jobs', 'owner', owner, 'state', state),
    byClusterState: (cluster, state) => key('jobs', 'cluster', cluster, 'state', state),
    byState: state => key('jobs', 'state', state),
    byOwnerLabel: (owner, label, value) => key('jobs', 'owner', owner, 'label', label, value),
    changed: () => key('changed'),
    ask: cluster => key('ask', cluster),
    spent: (cluster, budget) => key('spent', cluster, budget),
    connections: cluster => key('connections', cluster),
    paused: cluster => key('paused', cluster),
    cost: cluster => key('cost', cluster),
    sightings: cluster => key('sightings', cluster),
    probes: cluster => key('probes', cluster),
  }
}

/** The lists a job stands in. A commit adds those of the new record and removes those only the old one had. */
export function indexKeys(keys: Keys, job: JobRecord): string[] {
  const owner = job.owner.id
  return [
    keys.all(),
    keys.byState(job.state),
    keys.byOwner(owner),
    keys.byOwnerState(owner, job.state),
    keys.byClusterState(job.cluster, job.state),
    ...Object.entries(job.request.labels).map(([label, value]) => keys.byOwnerLabel(owner, label, value)),
  ]
}
