// Fifty submissions over connections that are cut at random bytes. `npm run chaos -- --cuts 1000` does a thousand.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { submitUnderCuts } from './cuts.ts'

test('submissions whose connections are cut at random bytes are neither doubled nor lost', async t => {
  const cluster = await sharedCluster()
  const folder = await mkdtemp(join(tmpdir(), 'tl-cuts-'))
  await chmod(folder, 0o755)
  // Of its own, so that nobody else's jobs of a run before bear these names.
  const seed = Date.now() % 1_000_000
  t.after(async () => {
    // Without an id scancel takes everybody's.
    const held = await heldJobs()
    if (held.length > 0) await slurm(cluster, ['scancel', '--state=PENDING', ...held])
    await rm(folder, { recursive: true, force: true })
  })
  const heldJobs = async (): Promise<string[]> => {
    const rows = (await slurm(cluster, ['squeue', '-h', '-t', 'PD', '-o', '%A %j'])).split('\n')
    return rows.filter(row => row.includes(` cut-${seed}-`)).map(row => row.split(' ')[0] ?? '')
  }

  t.diagnostic(`to repeat: npm run chaos -- --cuts 50 --seed ${seed}`)
  const { cuts, ...report } = await submitUnderCuts({ cluster, folder, count: 50, seed })

  t.diagnostic(`${cuts} connections cut`)
  assert.deepEqual(report, { submitted: 50, doubled: [], lost: [], open: [] })
  assert.ok(cuts > 3, `only ${cuts} connections were cut in time`)
})
