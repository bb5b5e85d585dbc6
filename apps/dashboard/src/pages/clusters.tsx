// Clusters: does Slurm answer, what is there, what we cost it.
import type { Cluster, NodeKind, PartitionFacts } from '@trotline/contracts'
import { useEffect, useState } from 'preact/hooks'
import { useAnswer } from '../api/use-asked.ts'
import { Age, localTime } from '../job/age.tsx'
import { Fact } from '../job/environment-tab.tsx'
import { follow } from '../live/live.ts'
import { TableBox } from '../shell/table-box.tsx'
import { Trouble } from '../shell/trouble.tsx'
import { duration } from '../text/durations.ts'
import { count, size } from '../text/figures.ts'
import { CollectEnvironments } from './collect-environments.tsx'
import { OperateCluster } from './operate-cluster.tsx'
import { Page } from './page.tsx'

export function ClustersPage({ id }: { id: string }) {
  const { value, trouble, again } = useAnswer('/v1/clusters', {})
  const names = value?.items.map(cluster => cluster.name).filter(name => id === '' || name === id) ?? []
  return (
    <Page title={id === '' ? 'Clusters' : id}>
      <h1>{id === '' ? 'Clusters' : `Cluster ${id}`}</h1>
      {trouble !== null && value === null && <Trouble text={trouble} onRetry={again} />}
      {value !== null && names.length === 0 && <p class="card">There is no such cluster on this server.</p>}
      {names.map(name => (
        <ClusterCard key={name} name={name} />
      ))}
    </Page>
  )
}

function ClusterCard({ name }: { name: string }) {
  const { value: who } = useAnswer('/v1/whoami', {})
  const operator = who?.role === 'operator'
  const { value, trouble, again } = useAnswer('/v1/clusters/{name}', { path: { name } }, 15_000)
  /** Asked or told: what came last. */
  const [cluster, setCluster] = useState<Cluster | null>(null)
  useEffect(() => {
    if (value !== null) setCluster(value)
  }, [value])
  useEffect(
    () =>
      follow('clusters', news => {
        if (news.type === 'cluster' && news.cluster.name === name) setCluster(news.cluster)
        if (news.type === 'reset') again()
      }),
    [name, again],
  )
  if (cluster === null) return <section class="card">{trouble ?? `Asking for ${name}`}</section>
  const { facts, health, paused, footprint, ceilings, jobs } = cluster
  return (
    <section class="card" aria-label={name}>
      <div class="row spread">
        <h2>{name}</h2>
        <span class={`state ${health.ok ? (paused === null ? 'state-completed' : 'state-held') : 'state-failed'}`}>
          <span aria-hidden="true">{health.ok ? (paused === null ? '✓' : '‖') : '✕'}</span>
          {health.ok ? (paused === null ? 'answers' : 'paused') : 'away'}
        </span>
      </div>
      {operator && <OperateCluster cluster={cluster} onDone={again} />}
      {!health.ok && (
        <p class="card bad">
          Since {localTime(health.at)}: {health.detail}. Jobs there are shown as last seen; nothing is lost.
        </p>
      )}
      {paused !== null && (
        <p class="card warn">
          {paused.by} paused it <Age at={paused.since} />
          {paused.why === '' ? '' : `: ${paused.why}`}. Jobs are accepted and wait; what runs goes on.
        </p>
      )}
      <dl class="facts">
        <Fact name="Slurm">{facts === null ? 'not asked yet' : facts.slurmVersion}</Fact>
        <Fact name="Asked">{health.ok ? <Age at={health.at} /> : 'it does not answer'}</Fact>
        <Fact name="Jobs of ours">
          {`${count(jobs.running + jobs.finishing)} running, ${count(jobs.pending)} pending, ${count(jobs.accepted + jobs.prepared)} on the way`}
        </Fact>
        {footprint !== null && (
          <>
            <Fact name="Connections">
              {count(footprint.connections)} of {count(ceilings.connections)}
            </Fact>
            <Fact name="Commands in the last minute">
              {count(footprint.spentLastMinute.commands)} of {count(ceilings.commandsPerMinute)}
            </Fact>
            <Fact name="Submissions in the last minute">
              {count(footprint.spentLastMinute.submissions)} of {count(ceilings.submissionsPerMinute)}
            </Fact>
            <Fact name="Sent and received">
              {size(footprint.bytesOut)}, {size(footprint.bytesIn)}
            </Fact>
          </>
        )}
      </dl>
      {facts !== null && (
        <TableBox label={`Partitions of ${name}`}>
          <thead>
            <tr>
              <th scope="col">Partition</th>
              <th scope="col">Nodes</th>
              <th scope="col">GPUs per node</th>
              <th scope="col">Driver</th>
              <th scope="col">CPUs, memory per node</th>
              <th scope="col">Longest</th>
            </tr>
          </thead>
          <tbody>
            {facts.partitions.map(partition => (
              <PartitionRow key={partition.name} partition={partition} />
            ))}
          </tbody>
        </TableBox>
      )}
      {operator && <CollectEnvironments cluster={name} />}
      {cluster.probes.length > 0 && (
        <details>
          <summary>Looks at nodes</summary>
          <ul>
            {cluster.probes.map(probe => (
              <li key={probe.kind}>
                {probe.node ?? probe.partition ?? probe.kind}: {probe.state}, <Age at={probe.at} />
                {probe.detail !== '' && `: ${probe.detail}`}
              </li>
            ))}
          </ul>
        </details>
      )}
      {cluster.breakers.some(breaker => breaker.state !== 'closed') && (
        <ul>
          {cluster.breakers
            .filter(breaker => breaker.state !== 'closed')
            .map(({ identity, part, state, lastFault }) => (
              <li key={`${identity} ${part}`}>
                {part} as {identity} rests ({state}){lastFault === null ? '' : `: ${lastFault.detail}`}
              </li>
            ))}
        </ul>
      )}
    </section>
  )
}

function PartitionRow({ partition }: { partition: PartitionFacts }) {
  const { name, gpus, maxTimeMinutes, maxCpusPerNode, maxMemoryMiBPerNode, nodeKinds, preemption } = partition
  return (
    <tr>
      <td>
        <b>{name}</b>
        {preemption !== null && <div class="small faint">jobs may have to make room ({preemption.mode})</div>}
      </td>
      <td>{count(nodeKinds.reduce((sum, kind) => sum + kind.nodeCount, 0))}</td>
      <td>
        {gpus.length === 0 ? 'none' : gpus.map(({ type, perNode }) => `${perNode} × ${type ?? 'GPU'}`).join(', ')}
      </td>
      <td>
        {gpus.length === 0
          ? ''
          : nodeKinds.filter(kind => kind.gpus.length > 0).map(kind => <Driver key={kind.id} kind={kind} />)}
      </td>
      <td class="nowrap">
        {maxCpusPerNode === null ? '?' : count(maxCpusPerNode)},{' '}
        {maxMemoryMiBPerNode === null ? '?' : size(maxMemoryMiBPerNode * 1_048_576)}
      </td>
      <td class="nowrap">{maxTimeMinutes === null ? 'no limit' : duration(maxTimeMinutes * 60)}</td>
    </tr>
  )
}

function Driver({ kind }: { kind: NodeKind }) {
  const { driver, gpu } = kind.facts
  return (
    <div>
      {driver === null ? (
        <span class="unknown">unknown: nobody has looked</span>
      ) : (
        <>
          {driver.value}{' '}
          <span class="small faint">
            ({driver.source}, <Age at={driver.at} />)
          </span>
        </>
      )}
      {gpu !== null && <div class="small faint">{gpu.value}</div>}
    </div>
  )
}
