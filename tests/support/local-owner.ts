// Answers for a cluster as the process that owns it does, over Redis and from this machine's own disk: so that a server's routes that
// ask the cluster can be tested without a cluster.
import { createLocalTransport } from '@trotline/slurm'
import type { ClusterAccess } from '../../apps/orchestrator/src/clusters/access.ts'
import { createAskOwner } from '../../apps/orchestrator/src/streams/ask-owner.ts'
import { clusterSettings } from './job-records.ts'
import type { Store } from './orchestrator-store.ts'

export async function answerAsOwner(store: Store, cluster = 'local'): Promise<{ close(): Promise<void> }> {
  const transport = createLocalTransport()
  const access = {
    settings: clusterSettings({ name: cluster }),
    identity: (name: string) => ({ name, unixUser: 'ada', transport }),
  } as unknown as ClusterAccess
  await store.redis.set(store.keys.lease(cluster), 'the test')
  const owner = await createAskOwner({
    publisher: store.redis,
    subscriber: store.waiting(),
    keys: store.keys,
    clusters: [cluster],
    own: name => (name === cluster ? access : null),
  })
  return {
    async close() {
      owner.close()
      await store.redis.del(store.keys.lease(cluster))
      await transport.close()
    },
  }
}
