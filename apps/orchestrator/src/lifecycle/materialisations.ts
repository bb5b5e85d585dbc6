// Environments on clusters as requests see them: asked for, shown, cancelled, removed, verified, collected. A request only leaves a wish
// in the store; the process that owns the cluster sees to it (materialise.ts).
import type { Collection, Materialisation } from '@trotline/contracts'
import type { z } from 'zod'
import { buildLogOf } from '../clusters/environment-directory.ts'
import type { ClusterSettings } from '../config.ts'
import { OrchestratorError } from '../errors.ts'
import type { EnvironmentWish, MaterialisationRecord, MaterialisationStore } from '../store/materialisations.ts'
import { collectionOf, verdictOn } from './materialise-collect.ts'
import { asked, wantAgain } from './materialise-moves.ts'

export interface Materialisations {
  /** On all clusters. */
  on(lock: string): Promise<Materialisation[]>
  listOn(cluster: string): Promise<Materialisation[]>
  /** null: nobody ever wanted it there, or it was removed. */
  stateOn(cluster: string, lock: string): Promise<Materialisation | null>
  /** Asked for again it is the same; after it failed, was cancelled or put into quarantine it is made anew. */
  wantOn(cluster: string, lock: string, by: string): Promise<Materialisation>
  /** What is being made is cancelled, what is there is removed. @throws ENVIRONMENT_NOT_MADE, ENVIRONMENT_IN_USE a job needs it */
  cancelOrRemoveOn(cluster: string, lock: string, by: string): Promise<Materialisation>
  /** A look at every byte; `look` has it when the state is no longer being looked at. @throws ENVIRONMENT_NOT_MADE it is not ready */
  verifyOn(cluster: string, lock: string, by: string): Promise<Materialisation>
  collectOn(cluster: string, wish: { unusedDays: number; dryRun: boolean }, by: string): Promise<Collection>
  /** Where the log of its making lies, and who may read it. @throws ENVIRONMENT_NOT_MADE nobody ever wanted it there */
  logOf(cluster: string, lock: string): Promise<{ identity: string; path: string }>
}

interface Options {
  store: MaterialisationStore
  clusters: readonly ClusterSettings[]
  /** `ml@3`, … */
  namesOf(lock: string): Promise<readonly string[]>
  now(): Date
}

type Record = MaterialisationRecord

export function createMaterialisations({ store, clusters, namesOf, now }: Options): Materialisations {
  function settingsOf(cluster: string): ClusterSettings {
    const found = clusters.find(({ name }) => name === cluster)
    if (found) return found
    throw new OrchestratorError('CLUSTER_UNKNOWN', `There is no cluster "${cluster}"`)
  }

  const view = async (record: Record): Promise<Materialisation> =>
    materialisationOf(record, await store.jobs(record.cluster, record.lock))

  async function change(cluster: string, lock: string, decide: (record: Record) => Record): Promise<Materialisation> {
    settingsOf(cluster)
    const { record } = await store.change(cluster, lock, current => (current === null ? null : decide(current)))
    if (record === null) throw unmade(cluster, lock)
    return view(record)
  }

  const wish = (kind: z.infer<typeof EnvironmentWish>['kind'], by: string): z.infer<typeof EnvironmentWish> => ({
    kind,
    by,
    at: now().toISOString(),
  })

  return {
    async on(lock) {
      const all = await Promise.all(clusters.map(({ name }) => store.read(name, lock)))
      return Promise.all(all.flatMap(record => (record === null ? [] : [view(record)])))
    },
    listOn: async cluster => Promise.all((await store.list(settingsOf(cluster).name)).map(view)),
    async stateOn(cluster, lock) {
      const record = await store.read(settingsOf(cluster).name, lock)
      return record === null ? null : view(record)
    },
    async wantOn(cluster, lock, by) {
      const { environments } = settingsOf(cluster)
      const at = now().toISOString()
      const { record } = await store.change(cluster, lock, current =>
        current === null ? asked(cluster, lock, environments.form, by, at) : wantAgain(current, at),
      )
      if (record === null) throw new TypeError('what was asked for is not there')
      return view(record)
    },
    async cancelOrRemoveOn(cluster, lock, by) {
      const jobs = await store.jobs(cluster, lock)
      return change(cluster, lock, record => {
        const { inner } = record
        if (record.state === 'wanted' || record.state === 'making')
          return inner.wish?.kind === 'cancel'
            ? record
            : { ...record, inner: { ...inner, wish: wish('cancel', by), dueAt: 0 } }
        if (record.state === 'removing' || inner.wish?.kind === 'remove') return record
        if (jobs > 0)
          throw new OrchestratorError(
            'ENVIRONMENT_IN_USE',
            `Environment ${lock.slice(0, 12)} stays on cluster ${cluster}: ${jobs === 1 ? 'a job that is not over needs' : `${jobs} jobs that are not over need`} it`,
          )
        return { ...record, inner: { ...inner, wish: wish('remove', by), dueAt: 0 } }
      })
    },
    verifyOn: (cluster, lock, by) =>
      change(cluster, lock, record => {
        if (record.state !== 'ready') throw unmade(cluster, lock, record)
        const { inner } = record
        if (inner.doing?.phase === 'look' || inner.wish !== null) return record
        return { ...record, inner: { ...inner, wish: wish('verify', by), dueAt: 0 } }
      }),
    async collectOn(cluster, { unusedDays, dryRun }, by) {
      const records = await store.list(settingsOf(cluster).name)
      const nowMs = now().getTime()
      const kept = await Promise.all(
        records.map(async record => ({ record, jobs: await store.jobs(cluster, record.lock) })),
      )
      const names = new Map(await Promise.all(records.map(async ({ lock }) => [lock, await namesOf(lock)] as const)))
      if (!dryRun) await collect(store, cluster, kept, { unusedDays, nowMs, by })
      return collectionOf(cluster, kept, { unusedDays, dryRun, nowMs }, lock => names.get(lock) ?? [])
    },
    async logOf(cluster, lock) {
      const { workDir, identities } = settingsOf(cluster)
      if ((await store.read(cluster, lock)) === null) throw unmade(cluster, lock)
      return { identity: identities[0]?.name ?? '', path: buildLogOf(workDir, lock) }
    },
  }
}

/** Leaves the wish to remove with each that may go, as it stands then. Answers how many. */
export async function collect(
  store: MaterialisationStore,
  cluster: string,
  kept: readonly { record: Record; jobs: number }[],
  { unusedDays, nowMs, by }: { unusedDays: number; nowMs: number; by: string },
): Promise<number> {
  const at = new Date(nowMs).toISOString()
  let count = 0
  for (const { record, jobs } of kept) {
    const { outcome } = await store.change(
      cluster,
      record.lock,
      current =>
        current === null ||
        current.inner.wish !== null ||
        !verdictOn({ record: current, jobs }, unusedDays, nowMs).collect
          ? current
          : { ...current, inner: { ...current.inner, wish: { kind: 'remove', by, at }, dueAt: 0 } },
      { unneeded: true },
    )
    if (outcome === 'changed') count += 1
  }
  return count
}

export function materialisationOf(
  { inner, revision: _revision, by: _by, ...shown }: Record,
  jobs: number,
): Materialisation {
  // One that is ready has no step but this: whoever asked for a look sees when it has ended.
  const looking = inner.wish?.kind === 'verify' || inner.doing?.phase === 'look'
  return { ...shown, ...(looking ? { step: 'verify' as const } : {}), jobs }
}

function unmade(cluster: string, lock: string, record: Record | null = null): OrchestratorError {
  const found = record === null ? 'nobody has asked for it there' : `it is ${record.state}`
  return new OrchestratorError(
    'ENVIRONMENT_NOT_MADE',
    `Environment ${lock.slice(0, 12)} is not ready on cluster ${cluster}: ${found}`,
  )
}
