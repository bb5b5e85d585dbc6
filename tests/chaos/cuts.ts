// Many submissions, each over connections that are cut at random bytes: past the product's server, at the very seam where
// a submission can be doubled or lost. The jobs are held, so nothing but sbatch is measured.
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createSlurmScheduler,
  createSsh2Transport,
  SlurmError,
  type SubmitOrder,
  type SubmitOutcome,
} from '@trotline/slurm'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { slurm } from '../support/slurm-itself.ts'
import { type Cut, type Link, openLink } from './link.ts'
import { createRandom, type Random } from './random.ts'

const SCRIPT = '#!/bin/bash\n#SBATCH --hold\n#SBATCH --output=/dev/null\ntrue\n'
const AT_ONCE = 4
/** Of one order, before it is left alone: most cuts come while a submission is under way, some while it is asked about. */
const MOST_CUTS = 2
const MOST_TRIES = 30
/** Short, so that an order whose step was cut to pieces need not wait a minute before it may be looked up. */
const LIMITS = { sbatchLimitSeconds: 6, settleSeconds: 1, queryLimitSeconds: 20, lockWaitSeconds: 10 }

export interface CutsOptions {
  cluster: LocalCluster
  /** An empty folder, which the cluster's user may write. */
  folder: string
  count: number
  seed: number
  say?: (line: string) => void
}

export interface CutsReport {
  submitted: number
  cuts: number
  /** Names that have more than one Slurm job. */
  doubled: string[]
  /** Answered with an id that Slurm does not have under that name. */
  lost: string[]
  /** Never answered. */
  open: string[]
}

export async function submitUnderCuts(options: CutsOptions): Promise<CutsReport> {
  const { cluster, folder, count, seed, say = () => undefined } = options
  const random = createRandom(seed).fork('cuts')
  const orders: SubmitOrder[] = []
  for (let i = 0; i < count; i++) orders.push(await prepare(folder, `cut-${seed}-${i}`))
  const answers = new Map<string, string>()
  const groups = inGroups(orders, random)
  let cuts = 0

  const worker = async (name: string): Promise<void> => {
    const link = await openLink(cluster.ssh)
    try {
      const knownHostsFile = await knownHostsFor(link, cluster, join(folder, `known-hosts-${name}`))
      const own = random.fork(name)
      for (let group = groups.pop(); group; group = groups.pop()) {
        // Not "+= await": the others count meanwhile.
        const more = await submitGroup(group, link, knownHostsFile, own, options, answers)
        cuts += more
        if (answers.size % 100 < group.length) say(`${answers.size} of ${count} submitted, ${cuts} connections cut`)
      }
    } finally {
      await link.close()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => worker(`worker-${i}`)))
  return { cuts, ...(await compare(cluster, orders, answers)) }
}

/** Alone and in batches: a cut batch is answered in part. */
function inGroups(orders: readonly SubmitOrder[], random: Random): SubmitOrder[][] {
  const groups: SubmitOrder[][] = []
  for (let at = 0; at < orders.length; ) {
    const size = random.chance(0.6) ? 1 : random.whole(2, 8)
    groups.push(orders.slice(at, at + size))
    at += size
  }
  return groups
}

async function submitGroup(
  orders: readonly SubmitOrder[],
  link: Link,
  knownHostsFile: string,
  random: Random,
  { cluster }: CutsOptions,
  answers: Map<string, string>,
): Promise<number> {
  const { user, privateKeyFile } = cluster.ssh
  const allowed = random.whole(1, MOST_CUTS)
  let cuts = 0
  let open = [...orders]
  for (let tries = 0; open.length > 0 && tries < MOST_TRIES; tries++) {
    const cut: Cut | null = tries < allowed ? drawCut(random, orders.length) : null
    link.planCuts(cut === null ? null : () => cut)
    const transport = createSsh2Transport({
      host: '127.0.0.1',
      port: link.port,
      username: user,
      privateKeyFile,
      knownHostsFile,
    })
    const outcomes: readonly (SubmitOutcome | SlurmError)[] = await createSlurmScheduler({ transport, user, ...LIMITS })
      .submitMany(open)
      .catch(error => {
        if (!(error instanceof SlurmError)) throw error
        return open.map(() => error)
      })
    await transport.close()
    let waitMs = 0
    const next: SubmitOrder[] = []
    for (const [i, order] of open.entries()) {
      const outcome = outcomes[i]
      if (outcome !== undefined && 'kind' in outcome && outcome.kind === 'submitted') {
        answers.set(order.name, outcome.slurmJobId)
        continue
      }
      if (outcome !== undefined && 'kind' in outcome && outcome.kind === 'wait')
        waitMs = Math.max(waitMs, outcome.waitMs)
      next.push(order)
    }
    if (next.length > 0 && cut !== null) cuts++
    open = next
    await sleep(Math.min(waitMs, 10_000))
  }
  return cuts
}

/** Measured: a handshake is some 1,600 bytes up and 2,000 down, a step of one order some 9,000 up and 600 down. Every phase is met. */
function drawCut(random: Random, orders: number): Cut {
  return random.chance(0.5)
    ? { direction: 'up', afterBytes: random.whole(1, 10_600 + orders * 800) }
    : { direction: 'down', afterBytes: random.whole(1, 2_500 + orders * 150) }
}

async function prepare(folder: string, name: string): Promise<SubmitOrder> {
  const directory = join(folder, name)
  await mkdir(directory)
  await writeFile(join(directory, 'script.sh'), SCRIPT)
  const files = [{ path: 'script.sh', sha256: createHash('sha256').update(SCRIPT).digest('hex') }]
  return { directory, submission: 1, name, scriptFile: 'script.sh', files, mode: 'submit' }
}

export async function knownHostsFor(link: Link, cluster: LocalCluster, file: string): Promise<string> {
  const hostKey = (await readFile(cluster.ssh.knownHostsFile, 'utf8')).trim().split(' ').slice(1).join(' ')
  await writeFile(file, `[127.0.0.1]:${link.port} ${hostKey}\n`)
  return file
}

async function compare(
  cluster: LocalCluster,
  orders: readonly SubmitOrder[],
  answers: ReadonlyMap<string, string>,
): Promise<Omit<CutsReport, 'cuts'>> {
  const rows = (await slurm(cluster, ['squeue', '-h', '-t', 'all', '-o', '%A %j'])).split('\n')
  const idsOf = new Map<string, string[]>()
  for (const row of rows) {
    const [id = '', name = ''] = row.split(' ')
    idsOf.set(name, [...(idsOf.get(name) ?? []), id])
  }
  const names = orders.map(order => order.name)
  return {
    submitted: answers.size,
    doubled: names.filter(name => (idsOf.get(name) ?? []).length > 1),
    lost: names.filter(name => answers.has(name) && !(idsOf.get(name) ?? []).includes(answers.get(name) ?? '')),
    open: names.filter(name => !answers.has(name)),
  }
}
