// Every key in the store, and which of them list a job. Times in scores are milliseconds.
import { isTerminal } from '@trotline/contracts'
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
  byName(name: string): string
  byOwnerName(owner: string, name: string): string
  /** How many jobs stand in the sets of their name: fewer than all where an older version made some (name-index.ts). */
  named(): string
  /** Jobs that are not over and need this lock on this cluster. */
  byEnvironment(cluster: string, lock: string): string
  /** Jobs that a person has to decide about. */
  held(): string
  heldOf(owner: string): string
  /** The jobs that changed last, by the number of their newest change. */
  changedJobs(): string
  changedJobsOf(owner: string): string
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
  /** What is known of each lock on the cluster. */
  materialisations(cluster: string): string
  /** A lock with its record. */
  environment(id: string): string
  /** All of them, by when they were first kept. */
  environmentList(): string
  /** Their ids in order, for prefixes. */
  environmentIds(): string
  /** The versions under a name. */
  environmentName(name: string): string
  /** `ml@3`: the names that lead to a lock. */
  namesOfEnvironment(id: string): string
  /** What each owner's locks take, in bytes as they are kept. */
  environmentBytes(): string
  /** The lock that a problem was solved to. */
  solved(problemSha256: string): string
  /** Locks about which the cluster's owner has something to do. */
  materialisationsDue(cluster: string): string
  /** All of them, by when they were made. */
  webhooks(): string
  webhooksOf(owner: string): string
  /** Those that are told of the jobs of all owners. */
  webhooksOfEveryone(): string
  webhook(id: string): string
  /** The webhook's secret: apart from the record, so that no listing can show it. */
  webhookSecret(id: string): string
  /** What happened to jobs and no webhook was looked for yet. */
  webhookOutbox(): string
  /** What the keys of deliveries begin with (webhook-scripts.ts). */
  webhookBase(): string
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
    byName: name => key('jobs', 'name', name),
    byOwnerName: (owner, name) => key('jobs', 'owner', owner, 'name', name),
    named: () => key('jobs-named'),
    held: () => key('jobs', 'held'),
    heldOf: owner => key('jobs', 'owner', owner, 'held'),
    changedJobs: () => key('changes'),
    changedJobsOf: owner => key('changes', 'owner', owner),
    changed: () => key('changed'),
    ask: cluster => key('ask', cluster),
    spent: (cluster, budget) => key('spent', cluster, budget),
    connections: cluster => key('connections', cluster),
    paused: cluster => key('paused', cluster),
    cost: cluster => key('cost', cluster),
    sightings: cluster => key('sightings', cluster),
    probes: cluster => key('probes', cluster),
    byEnvironment: (cluster, lock) => key('jobs', 'cluster', cluster, 'environment', lock),
    environment: id => key('environment', id),
    environmentList: () => key('environments'),
    environmentIds: () => key('environment-ids'),
    environmentName: name => key('environment-name', name),
    namesOfEnvironment: id => key('environment-names', id),
    environmentBytes: () => key('environment-bytes'),
    solved: problemSha256 => key('solved', problemSha256),
    materialisations: cluster => key('materialisations', cluster),
    materialisationsDue: cluster => key('materialisations-due', cluster),
    webhooks: () => key('webhooks'),
    webhooksOf: owner => key('webhooks', 'owner', owner),
    webhooksOfEveryone: () => key('webhooks', 'everyone'),
    webhook: id => key('webhook', id),
    webhookSecret: id => key('webhook-key', id),
    webhookOutbox: () => key('webhook-outbox'),
    webhookBase: () => key('webhook'),
  }
}

/** The lists a job stands in. A commit adds those of the new record and removes those only the old one had. */
export function indexKeys(keys: Keys, job: JobRecord): string[] {
  const owner = job.owner.id
  return [
    keys.all(),
    keys.byState(job.state),
    keys.byOwner(owner),
    keys.byName(job.name),
    keys.byOwnerName(owner, job.name),
    keys.byOwnerState(owner, job.state),
    keys.byClusterState(job.cluster, job.state),
    ...(job.environment !== null && !isTerminal(job.state)
      ? [keys.byEnvironment(job.cluster, job.environment.lock)]
      : []),
    ...(job.hold === null ? [] : [keys.held(), keys.heldOf(owner)]),
    ...Object.entries(job.request.labels).map(([label, value]) => keys.byOwnerLabel(owner, label, value)),
  ]
}
