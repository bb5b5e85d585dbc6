// A login node whose host key is not the known one is never spoken to, and the reason is said where operators look.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { sharedCluster, slurmJobsOf } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

const run = promisify(execFile)

for (const [what, knownHosts] of [
  ['another key', 'other'],
  ['no entry', 'empty'],
] as const) {
  test(`with ${what} in known_hosts there is no connection, a clear message, and /readyz is red`, async t => {
    const cluster = await sharedCluster()
    const folder = await mkdtempOf(t)
    const knownHostsFile = join(folder, 'known_hosts')
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'other')])
    const [type, key] = (await readFile(join(folder, 'other.pub'), 'utf8')).split(' ')
    await writeFile(
      knownHostsFile,
      knownHosts === 'other' ? `[${cluster.ssh.host}]:${cluster.ssh.port} ${type} ${key}\n` : '',
    )
    const story = await createStory(t, {
      cluster,
      // What is never reached is never asked for its partitions: they have to be said.
      clusterSettings: {
        ssh: { host: cluster.ssh.host, port: cluster.ssh.port, knownHostsFile },
        partitions: ['shared'],
      },
    })
    await story.start()

    const { id } = await story.api.submit(request())
    const job = await eventually('the job says why it waits', async () => {
      const found = await story.api.job(id)
      return found.trying?.code === 'SSH_HOST_KEY' ? found : null
    })

    assert.equal(job.state, 'accepted')
    assert.match(job.trying?.detail ?? '', /host key/i)
    // Of its own accord the owner tells how the cluster does every few seconds.
    await eventually('/readyz names the host key', async () => {
      const { status, body } = await story.api.call<{ checks: { name: string; code: string }[] }>('GET', '/readyz')
      return status === 503 && body.checks.find(check => check.name === 'cluster:local')?.code === 'SSH_HOST_KEY'
    })
    assert.deepEqual(await slurmJobsOf(cluster, id), [])
  })
}

async function mkdtempOf(t: import('node:test').TestContext): Promise<string> {
  const { mkdtemp, rm } = await import('node:fs/promises')
  const { tmpdir } = await import('node:os')
  const folder = await mkdtemp(join(tmpdir(), 'trotline-keys-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}
