// Each defence is needed: with it, a story is green; with it switched off, the same story doubles something, and the auditor says so.
// The switches are of this folder's making (defences/): the product has none.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createSlurmScheduler,
  createSsh2Transport,
  SlurmError,
  type SlurmScheduler,
  type SubmitOrder,
} from '@trotline/slurm'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { holdWorker } from '../support/held-worker.ts'
import { audit } from './audit/audit.ts'
import { collectEvidence } from './audit/collect.ts'
import { knownHostsFor } from './cuts.ts'
import { booksOf } from './defences/books-of-a-seam.ts'
import { startAgain } from './defences/double-start.ts'
import { releaseWithoutFence } from './defences/release-without-fence.ts'
import { drawJob } from './job-mix.ts'
import { type Link, openLink } from './link.ts'
import { createRandom } from './random.ts'
import { createVictims } from './victims.ts'
import { buildWorld, type World, type WorldOptions } from './world.ts'

/** An order whose step died is waited for that long before it is looked up. */
const LIMITS = { sbatchLimitSeconds: 10, settleSeconds: 1, queryLimitSeconds: 20, lockWaitSeconds: 10 }
/** Of an sbatch that is held until the test has cut. */
const HELD_SECONDS = 120
const SCRIPT = '#!/bin/bash\n#SBATCH --hold\n#SBATCH --output=/dev/null\ntrue\n'

interface Seam {
  cluster: LocalCluster
  folder: string
  link: Link
  order: SubmitOrder
  scheduler(binDirectory?: string, limits?: Partial<typeof LIMITS>): SlurmScheduler
}

/** One order, and the way to submit it over a link that can be cut. */
async function seam(t: TestContext): Promise<Seam> {
  const cluster = await sharedCluster()
  const folder = await mkdtemp(join(tmpdir(), 'tl-defence-'))
  await chmod(folder, 0o755)
  const link = await openLink(cluster.ssh)
  const open: { close(): Promise<void> }[] = []
  t.after(async () => {
    for (const transport of open) await transport.close()
    await link.close()
    await rm(folder, { recursive: true, force: true })
  })
  const knownHostsFile = await knownHostsFor(link, cluster, join(folder, 'known_hosts'))
  const name = `tl-${randomBytes(6).toString('hex')}-1`
  const directory = join(folder, name)
  await mkdir(directory)
  await writeFile(join(directory, 'script.sh'), SCRIPT)
  const files = [{ path: 'script.sh', sha256: createHash('sha256').update(SCRIPT).digest('hex') }]
  const { user, privateKeyFile } = cluster.ssh
  return {
    cluster,
    folder,
    link,
    order: { directory, submission: 1, name, scriptFile: 'script.sh', files, mode: 'submit' },
    scheduler(slurmBinDirectory, limits = {}) {
      const transport = createSsh2Transport({
        host: '127.0.0.1',
        port: link.port,
        username: user,
        privateKeyFile,
        knownHostsFile,
      })
      open.push(transport)
      return createSlurmScheduler({
        transport,
        user,
        slurmBinDirectory: slurmBinDirectory ?? null,
        ...LIMITS,
        ...limits,
      })
    },
  }
}

/** Until Slurm has it for good, as the lifecycle asks again and again. Its caller then cancels it, and the auditor looks. */
async function submitAndAudit(at: Seam, scheduler: SlurmScheduler) {
  const { cluster, order } = at
  const answeredId = await eventually('the order is submitted', async () => {
    const outcome = await scheduler.submitOnce(order)
    if (outcome.kind === 'wait') await sleep(outcome.waitMs)
    return outcome.kind === 'submitted' ? outcome.slurmJobId : null
  })
  const inSlurm = await slurmJobsNamed(at)
  await slurm(cluster, ['scancel', `--name=${order.name}`])
  return { inSlurm, ...audit(await booksOf(cluster, order, answeredId)) }
}

const slurmJobsNamed = async ({ cluster, order }: Seam): Promise<string[]> => {
  const rows = await slurm(cluster, ['squeue', '-h', '-t', 'all', `--name=${order.name}`, '-o', '%A'])
  return rows === '' ? [] : rows.split('\n')
}

/**
 * Stand-ins that come first on the PATH. held: sbatch does its work and answers once the file `cut` is there.
 * deadly: it takes its own step with it. blind: squeue and sacct know of nothing.
 */
async function standIns({ folder }: Seam, kind: 'held' | 'deadly' | 'blind'): Promise<string> {
  const bin = join(folder, kind)
  await mkdir(bin)
  const put = async (name: string, text: string): Promise<void> => {
    await writeFile(join(bin, name), `#!/bin/bash\n${text}\n`)
    await chmod(join(bin, name), 0o755)
  }
  if (kind === 'blind') for (const name of ['squeue', 'sacct']) await put(name, 'exit 0')
  else if (kind === 'held')
    await put(
      'sbatch',
      `PATH=\${PATH#*:} command sbatch "$@"; rc=$?
for ((tenth = 0; tenth < ${HELD_SECONDS * 10}; tenth++)); do [ ! -e '${join(folder, 'cut')}' ] || exit $rc; sleep 0.1; done`,
    )
  else
    await put(
      'sbatch',
      `read -r _ _ _ _ _ step _ </proc/$$/stat # the leader of the session that setsid(1) made
PATH=\${PATH#*:} command sbatch "$@" >/dev/null; kill -9 "$step"; exit 1`,
    )
  return bin
}

/** sbatch has run, and its answer is lost: the connection goes once Slurm has the job, and sbatch says so only then. */
async function submitAndLoseTheAnswer(at: Seam): Promise<void> {
  const { order, link, folder } = at
  const outcome = at
    .scheduler(await standIns(at, 'held'), { sbatchLimitSeconds: HELD_SECONDS })
    .submitOnce(order)
    .then(
      () => 'answered' as const,
      error => error as SlurmError,
    )
  await eventually('Slurm has it', async () => (await slurmJobsNamed(at)).length === 1)
  link.cutNow()
  assert.ok((await outcome) instanceof SlurmError, 'the cut came before the answer')
  await writeFile(join(folder, 'cut'), '')
  await eventually('the step is through', async () => (await readdir(order.directory)).includes('receipt-1.json'))
}

test('receipt and try on: an answer that was lost is asked for again, and the job stands once', async t => {
  const at = await seam(t)
  await submitAndLoseTheAnswer(at)
  const { inSlurm, findings } = await submitAndAudit(at, at.scheduler())
  assert.equal(inSlurm.length, 1)
  assert.deepEqual(findings, [])
})

test('receipt and try off: the same story doubles the job, and the books show it', async t => {
  const at = await seam(t)
  await submitAndLoseTheAnswer(at)
  // Whoever neither writes nor reads them finds the directory as it was before.
  for (const file of await readdir(at.order.directory))
    if (/^(receipt|tried)-/.test(file)) await rm(join(at.order.directory, file))
  const { inSlurm, bad, findings } = await submitAndAudit(at, at.scheduler())
  assert.equal(inSlurm.length, 2)
  assert.equal(bad.doubled, 1, JSON.stringify(findings))
})

async function submitAndLoseTheReceipt(at: Seam): Promise<void> {
  await assert.rejects(at.scheduler(await standIns(at, 'deadly')).submitOnce(at.order))
  await eventually('Slurm has it', async () => (await slurmJobsNamed(at)).length === 1)
  assert.ok(!(await readdir(at.order.directory)).includes('receipt-1.json'))
}

test('look-up on: a step that died between sbatch and receipt is found again, and the job stands once', async t => {
  const at = await seam(t)
  await submitAndLoseTheReceipt(at)
  const { inSlurm, findings } = await submitAndAudit(at, at.scheduler())
  assert.equal(inSlurm.length, 1)
  assert.deepEqual(findings, [])
})

test('look-up off: the same story doubles the job, and the books show it', async t => {
  const at = await seam(t)
  await submitAndLoseTheReceipt(at)
  const { inSlurm, bad, findings } = await submitAndAudit(at, at.scheduler(await standIns(at, 'blind')))
  assert.equal(inSlurm.length, 2)
  assert.equal(bad.doubled, 1, JSON.stringify(findings))
})

async function worldFor(t: TestContext, options: WorldOptions): Promise<World> {
  const world = await buildWorld({ on: await sharedCluster(), ...options })
  t.after(() => world.close({ keep: false }))
  return world
}

const allEnded = (world: World): Promise<boolean> =>
  eventually('every job has ended', () => world.watcher.live().length === 0 && world.client.open === 0, 300_000)

/** A run of a job is started a second time while the first trains: that one is held until the second has ended. */
async function startedTwice(t: TestContext, world: World) {
  const id = await createVictims(world, createRandom(1), 'twice').accepted({ epochs: 150 })
  const accepted = await eventually('the job can be read', () => world.client.job(id))
  const worker = await holdWorker(t, world, accepted)
  let job = accepted
  await worker.trainUntil('it trains and Slurm says where', async () => {
    job = (await world.client.job(id)) ?? job
    return job.progress.epochs > 0 && job.slurm?.state === 'RUNNING' && Boolean(job.slurm.nodes)
  })
  const code = await startAgain(world, job, 120_000)
  worker.release()
  await allEnded(world)
  world.client.giveUp()
  return { code, ...audit(await collectEvidence(world)) }
}

test('fence and lease on: a run that is started twice trains once, and one server talks to the cluster', async t => {
  const { code, findings } = await startedTwice(t, await worldFor(t, {}))
  assert.equal(code, 11, 'the second process left at the fence')
  assert.deepEqual(findings, [])
})

test('fence off: the same run trains twice, and the books show it', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'tl-no-fence-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const releases = join(import.meta.dirname, '../../apps/worker/release')
  const { bad, findings } = await startedTwice(
    t,
    await worldFor(t, { releaseDirectory: await releaseWithoutFence(releases, folder) }),
  )
  assert.ok(bad.doubled > 0, JSON.stringify(findings))
})

test('lease off: both talk to it at once, and the books show it', async t => {
  const switchFile = join(import.meta.dirname, 'defences/without-lease.mjs')
  const world = await worldFor(t, { nodeArguments: ['--import', switchFile] })
  const random = createRandom(3)
  for (let i = 0; i < 3; i++) void world.client.submit(drawJob(random, i, 'owners'))
  // The auditor allows an owner that was frozen a few seconds to find out.
  await eventually('the books show it', async () => audit(await collectEvidence(world)).bad['two owners at once'] > 0)
  await allEnded(world)
  world.client.giveUp()
})
