// The rendered configuration of the local cluster: the lines that each cost somebody an afternoon.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { warningOf } from '../../../deploy/local/cluster.ts'
import { type ClusterPlan, DEFAULT_OPTIONS, layoutOf, PORT_NAMES } from '../../../deploy/local/layout.ts'
import { gresConf, slurmConf, slurmdbdConf, taskProlog } from '../../../deploy/local/slurm-config.ts'

const layout = layoutOf('/home/angler/cluster', '/tmp/trotline-1000-abcdef01')
const plan: ClusterPlan = {
  clusterName: 'trotline',
  options: DEFAULT_OPTIONS,
  ports: Object.fromEntries(PORT_NAMES.map((name, at) => [name, 20_000 + at])),
  hostName: 'bay',
  address: '127.0.0.1',
  user: 'angler',
  isRoot: false,
}
const linesOf = (text: string) => text.split('\n')

test('without accounting nothing in slurm.conf needs slurmdbd, not even the TRES line that is fatal then', () => {
  const text = slurmConf(layout, { ...plan, options: { ...DEFAULT_OPTIONS, accounting: false } }, 'daemons')
  assert.ok(linesOf(text).includes('AccountingStorageType=accounting_storage/none'))
  assert.doesNotMatch(text, /AccountingStorageTRES|slurmdbd/)
})

test('clients find munge for slurmdbd in AccountingStoragePass', () => {
  assert.ok(linesOf(slurmConf(layout, plan, 'clients')).includes(`AccountingStoragePass=${layout.mungeSocket}`))
})

test('a requeued job may start again after credExpireSeconds', () => {
  const text = slurmConf(layout, { ...plan, options: { ...DEFAULT_OPTIONS, credExpireSeconds: 3 } }, 'daemons')
  assert.ok(linesOf(text).includes(`AuthInfo=socket=${layout.mungeSocket},cred_expire=3`))
})

test('every GPU is a device file, and there are as many as its node claims', () => {
  const claimed = [...slurmConf(layout, plan, 'daemons').matchAll(/NodeName=(\w+) .*Gres=gpu:(\w+):(\d)/g)]
  const given = [...gresConf(layout).matchAll(/NodeName=(\w+) Name=gpu Type=(\w+) File=\S+nvidia\[0-(\d)\]/g)]
  assert.deepEqual(
    given.map(([, node, type, last]) => [node, type, Number(last) + 1]),
    claimed.map(([, node, type, count]) => [node, type, Number(count)]),
  )
  assert.equal(claimed.length, 4)
})

test('where the host name is 127.0.1.1, daemons listen on that address only, and srun is called back on another', () => {
  const debian = { ...plan, address: '127.0.1.1' }
  assert.match(slurmConf(layout, debian, 'daemons'), /^CommunicationParameters=NoInAddrAny/m)
  assert.doesNotMatch(slurmConf(layout, debian, 'clients'), /NoInAddrAny/)
  assert.match(slurmConf(layout, debian, 'daemons'), /^TaskProlog=/m)
  assert.match(slurmConf(layout, debian, 'clients'), /^NodeName=c01 .*NodeAddr=127.0.1.1 /m)
})

test('a job has the programs of its node first on its PATH, and those of no other', () => {
  assert.match(slurmConf(layout, plan, 'daemons'), /^TaskProlog=/m)
  assert.equal(
    taskProlog(layout, plan),
    `#!/bin/sh
if [ -d "/home/angler/cluster/nodes/$SLURMD_NODENAME/bin" ]; then echo "export PATH=/home/angler/cluster/nodes/$SLURMD_NODENAME/bin:$PATH"; fi
`,
  )
})

test('an address that is not loopback is said aloud', () => {
  assert.deepEqual([warningOf('127.0.0.1'), warningOf('127.0.1.1')], [null, null])
  assert.match(warningOf('172.17.0.2') ?? '', /listen on 172\.17\.0\.2/)
})

test('slurmdbd, too, listens on one address', () => {
  assert.match(slurmdbdConf(layout, plan, 'secret'), /^CommunicationParameters=NoInAddrAny$/m)
})
