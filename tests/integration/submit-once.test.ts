// Exactly-once submission against a real Slurm over a real sshd: cuts, kills, damage, and daemons that are away.
// Faults between the step and Slurm are made by a stand-in for sbatch, found first on the PATH, that calls the real one.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createSlurmScheduler,
  createSsh2Transport,
  SlurmError,
  type SlurmErrorCode,
  type SlurmScheduler,
  type SubmitOrder,
  type SubmitOutcome,
  type Transport,
  wasNotTried,
} from '@trotline/slurm'
import { down, type LocalCluster, startDaemon, status, stopDaemon, up } from '../../deploy/local/cluster.ts'
import { slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { limitCommands, restartWith } from '../support/site-limits.ts'

const HELD = '#!/bin/bash\n#SBATCH --hold\n#SBATCH --output=slurm.log\ntrue\n'
const QUICK = '#!/bin/bash\n#SBATCH --output=slurm.log\ntrue\n'
const LIMITS = { sbatchLimitSeconds: 30, settleSeconds: 1, queryLimitSeconds: 20 }
/** For an sbatch that hangs: as long as a real one takes on a busy machine, and no longer than a test may wait for. */
const HANGS = { ...LIMITS, sbatchLimitSeconds: 8 }
/** For a Slurm that is not there: nothing has to be done in time. */
const IMPATIENT = { sbatchLimitSeconds: 3, settleSeconds: 1, queryLimitSeconds: 2 }

let cluster: LocalCluster
let transport: Transport
let scheduler: SlurmScheduler
let jobs = ''
let faultyBin = ''
/** Submitted before the first test, so that squeue has forgotten their jobs (MinJobAge 5 s) when they are needed. */
let killedLongAgo: SubmitOrder
let refusedLongAgo: SubmitOrder

const connectTransport = () => {
  const { user, ...ssh } = cluster.ssh
  return createSsh2Transport({ ...ssh, username: user })
}
const schedulerOver = (over: Transport, slurmBinDirectory: string | null = null, limits = LIMITS) =>
  createSlurmScheduler({ transport: over, user: cluster.ssh.user, slurmBinDirectory, ...limits })
const fails = (code: SlurmErrorCode) => (error: unknown) => error instanceof SlurmError && error.code === code
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** A job directory with a script, and the order to submit it. */
async function prepared(script = HELD): Promise<SubmitOrder> {
  const name = `once-${randomBytes(6).toString('hex')}`
  const directory = join(jobs, name)
  await mkdir(directory)
  await writeFile(join(directory, 'script.sh'), script)
  const files = [{ path: 'script.sh', sha256: sha256(script) }]
  return { directory, submission: 1, name, scriptFile: 'script.sh', files, mode: 'submit' }
}

/** The next sbatch of this order does `fault` around the real one; later ones are the real one. */
async function withFault(
  order: SubmitOrder,
  fault: 'kill-before' | 'kill-after' | 'hang-before' | 'hang-after' | 'gate' | 'dribble' | 'torn',
  limits = LIMITS,
): Promise<SlurmScheduler> {
  await writeFile(join(order.directory, 'fault'), fault)
  return schedulerOver(transport, faultyBin, limits)
}
/** Lets an sbatch behind a 'gate' go on. */
const openGate = ({ directory }: SubmitOrder) => writeFile(join(directory, 'go'), '')

async function submitted(): Promise<SubmitOrder> {
  const order = await prepared()
  await scheduler.submitOnce(order)
  return order
}

/** As if the deadline of the newest try had passed. To be called when nothing of its step is left. */
async function expire({ directory }: SubmitOrder): Promise<void> {
  const tries = (await readdir(directory)).filter(file => file.startsWith('tried-'))
  const nowSeconds = Math.floor(Date.now() / 1000)
  for (const file of tries)
    await writeFile(join(directory, file), `host=here at=${nowSeconds - 60} deadline=${nowSeconds - 1}\n`)
}

const SBATCH_WITH_FAULTS = `#!/bin/bash
: >called
fault=$(cat fault 2>/dev/null); rm -f fault
real() { PATH=\${PATH#*:} command sbatch "$@"; }
read -r _ _ _ _ _ step _ </proc/$$/stat # the leader of the session that setsid(1) made
case $fault in
  kill-before) kill -9 "$step"; exit 1 ;;
  hang-before) sleep 60 ;;
  kill-after) real "$@" >/dev/null; kill -9 "$step"; exit 1 ;;
  hang-after) real "$@"; sleep 60 ;;
  dribble) id=$(real "$@"); for ((i = 0; i < \${#id}; i++)); do printf %s "\${id:i:1}"; sleep 0.3; done; echo ;;
  torn) id=$(real "$@"); printf %s "\${id:0:1}" ;;
  gate) until [ -e go ]; do sleep 0.05; done; real "$@" ;;
  *) real "$@" ;;
esac
`

/** Every Slurm job of that name, whatever became of it. */
async function jobsOf({ name }: SubmitOrder): Promise<string[]> {
  const live = (await scheduler.listJobs()).filter(job => job.name === name).map(job => job.slurmJobId)
  const accounted = await scheduler.account({ names: [name], since: '2020-01-01T00:00:00Z' })
  const ended = accounted.kind === 'answered' ? accounted.jobs.map(job => job.slurmJobId) : []
  return [...new Set([...live, ...ended])]
}

async function until(scheduled: SlurmScheduler, order: SubmitOrder): Promise<SubmitOutcome> {
  for (;;) {
    const outcome = await scheduled.submitOnce(order)
    if (outcome.kind !== 'wait') return outcome
    await sleep(outcome.waitMs)
  }
}

const preparedMany = (count: number, script = HELD) =>
  Promise.all(Array.from({ length: count }, () => prepared(script)))

/** What an order came to: its outcome's kind, or the code of its error. */
const cameTo = (outcomes: readonly (SubmitOutcome | SlurmError)[]): string[] =>
  outcomes.map(outcome => (outcome instanceof SlurmError ? outcome.code : outcome.kind))

/** Asks for all of them until each is submitted. */
async function untilAllSubmitted(orders: readonly SubmitOrder[]): Promise<void> {
  let left = orders
  for (const giveUpAt = Date.now() + 180_000; left.length > 0; ) {
    const outcomes = await scheduler.submitMany(left)
    left = left.filter((_, at) => cameTo(outcomes)[at] !== 'submitted')
    assert.ok(Date.now() < giveUpAt, `not all are submitted: ${cameTo(outcomes).join(' ')}`)
    const waits = outcomes.map(outcome => ('kind' in outcome && outcome.kind === 'wait' ? outcome.waitMs : 0))
    await sleep(Math.max(...waits))
  }
}

/** Each order has one Slurm job, the one that its receipt names. */
async function standOnce(orders: readonly SubmitOrder[]): Promise<void> {
  const listed = await scheduler.listJobs()
  for (const order of orders) {
    const { slurmJobId } = JSON.parse(await readFile(join(order.directory, 'receipt-1.json'), 'utf8'))
    const jobs = listed.filter(({ name }) => name === order.name).map(job => job.slurmJobId)
    assert.deepEqual(jobs, [slurmJobId])
  }
}

/** The remote steps that have this order among their arguments: each the leader of its own session. */
async function stepsOf({ directory }: SubmitOrder): Promise<number[]> {
  const steps: number[] = []
  for (const pid of (await readdir('/proc')).filter(entry => /^\d+$/.test(entry))) {
    const [words, stat, program] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/exe`).catch(() => ''),
    ])
    const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]
    if (words.split('\0').includes(directory) && session === pid && program.endsWith('bash')) steps.push(Number(pid))
  }
  return steps
}

/** Its own end may have come first. */
function endStep(step: number): void {
  try {
    process.kill(step, 'SIGKILL')
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
  }
}

/** Nothing of the step runs any more. */
const stepIsGone = (step: number) =>
  eventually('nothing of the step is left', async () => {
    const pids = (await readdir('/proc')).filter(entry => /^\d+$/.test(entry))
    const stats = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
    return stats.every(stat => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3] !== String(step))
  })

async function forgotten({ name }: SubmitOrder): Promise<void> {
  const isListed = async () => (await scheduler.listJobs()).some(job => job.name === name)
  await eventually('squeue has forgotten the job', async () => !(await isListed()))
}

const filesOf = async ({ directory }: SubmitOrder) => (await readdir(directory)).sort()

describe('submitOnce', () => {
  before(async () => {
    const home = await mkdtemp(join(tmpdir(), 'submit-once-'))
    cluster = await up({ home, minJobAgeSeconds: 5 })
    jobs = join(home, 'jobs')
    faultyBin = join(home, 'faulty-bin')
    await mkdir(jobs)
    await mkdir(faultyBin)
    await writeFile(join(faultyBin, 'sbatch'), SBATCH_WITH_FAULTS)
    await chmod(join(faultyBin, 'sbatch'), 0o755)
    transport = connectTransport()
    scheduler = schedulerOver(transport)
    killedLongAgo = await prepared(QUICK)
    await assert.rejects((await withFault(killedLongAgo, 'kill-after')).submitOnce(killedLongAgo))
    refusedLongAgo = await prepared('#!/bin/bash\n#SBATCH --gres=gpu:k80:99\ntrue\n')
    assert.equal((await scheduler.submitOnce(refusedLongAgo)).kind, 'refused')
  })
  after(async () => {
    await transport?.close()
    await down({ home: cluster.home, purge: true })
  })

  test('an order becomes one Slurm job of its name, and the same answer however often it is asked', async () => {
    const order = await prepared()
    const first = await scheduler.submitOnce(order)
    assert.equal(first.kind === 'submitted' && first.how, 'new')
    for (const mode of ['submit', 'look'] as const) {
      assert.deepEqual(await scheduler.submitOnce({ ...order, mode }), { ...first, how: 'known' })
    }
    const receipt = JSON.parse(await readFile(join(order.directory, 'receipt-1.json'), 'utf8'))
    assert.deepEqual([receipt.submission, receipt.name, receipt.how], [1, order.name, 'new'])
    assert.deepEqual(await jobsOf(order), [receipt.slurmJobId])
    assert.deepEqual(await filesOf(order), ['lock', 'receipt-1.json', 'script.sh', 'tried-1'])
  })

  test('eight at once for the same order make one job', async () => {
    const order = await prepared()
    const transports = Array.from({ length: 4 }, connectTransport)
    const outcomes = await Promise.all(
      transports.flatMap(over => [order, order].map(one => schedulerOver(over).submitOnce(one))),
    )
    await Promise.all(transports.map(over => over.close()))
    const ids = new Set(outcomes.map(outcome => outcome.kind === 'submitted' && outcome.slurmJobId))
    assert.deepEqual([...ids], await jobsOf(order))
  })

  test('a second submission of the same job is another Slurm job with its own receipt', async () => {
    const order = await prepared()
    const first = await scheduler.submitOnce(order)
    const second = await scheduler.submitOnce({ ...order, submission: 2, name: `${order.name}-2` })
    assert.notEqual(first.kind === 'submitted' && first.slurmJobId, second.kind === 'submitted' && second.slurmJobId)
    assert.ok(existsSync(join(order.directory, 'receipt-2.json')))
  })

  test('connections cut at any moment never double a job and never lose one', async t => {
    const orders = await Promise.all(Array.from({ length: 20 }, () => prepared()))
    const startedAt = performance.now()
    const first = connectTransport()
    await schedulerOver(first).submitOnce(await prepared())
    await first.close()
    const uncutMs = performance.now() - startedAt
    // From before the connection stands until long after the answer; the first is surely cut.
    const waiting = orders.map((order, at) => ({ order, cutMs: (at / orders.length) * 1.5 * uncutMs }))
    let cuts = 0
    const worker = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const { order, cutMs } = next
        for (let tries = 0; ; tries++) {
          const over = connectTransport()
          const cutter = tries < 2 ? setTimeout(() => void over.close(), cutMs) : undefined
          const outcome = await schedulerOver(over)
            .submitOnce(order)
            .catch((error: SlurmError) => {
              assert.ok(error.transient || error.code === 'SSH_CLOSED', error.message)
              return null
            })
          clearTimeout(cutter)
          await over.close()
          if (outcome?.kind === 'submitted') break
          if (outcome?.kind === 'wait') await sleep(outcome.waitMs)
          cuts++
        }
      }
    }
    await Promise.all(Array.from({ length: 4 }, worker))
    t.diagnostic(`${cuts} connections cut or waited for, ${Math.round(uncutMs)} ms uncut`)
    assert.ok(cuts > 0)
    const listed = await scheduler.listJobs()
    for (const order of orders) {
      const { slurmJobId } = JSON.parse(await readFile(join(order.directory, 'receipt-1.json'), 'utf8'))
      assert.deepEqual(
        listed.filter(({ name }) => name === order.name).map(job => job.slurmJobId),
        [slurmJobId],
      )
    }
  })

  test('a step that is killed between sbatch and the receipt is found again by name', async () => {
    const order = await prepared()
    const faulty = await withFault(order, 'kill-after')
    await assert.rejects(faulty.submitOnce(order), fails('SLURM_UNREADABLE'))
    assert.equal(existsSync(join(order.directory, 'receipt-1.json')), false)
    const found = await scheduler.submitOnce({ ...order, mode: 'look' })
    assert.equal(found.kind === 'submitted' && found.how, 'found')
    assert.deepEqual(await jobsOf(order), [found.kind === 'submitted' && found.slurmJobId])
  })

  test('a job whose directory was lost with the answer is found by name once it is brought again', async () => {
    const order = await prepared()
    await assert.rejects((await withFault(order, 'kill-after')).submitOnce(order), fails('SLURM_UNREADABLE'))
    await rm(order.directory, { recursive: true })
    for (const mode of ['submit', 'look'] as const) {
      const early = await scheduler.submitOnce({ ...order, mode, triedSecondsAgo: 1 })
      assert.ok(early.kind === 'wait' && early.waitMs > 31_000, 'an sbatch of the lost step may be on its way')
    }
    const again = { ...order, triedSecondsAgo: 600 }
    await assert.rejects(scheduler.submitOnce(again), fails('SLURM_FILES_DAMAGED'))
    await mkdir(order.directory)
    await writeFile(join(order.directory, 'script.sh'), HELD)
    const found = await scheduler.submitOnce(again)
    assert.equal(found.kind === 'submitted' && found.how, 'found')
    assert.deepEqual(await jobsOf(order), [found.kind === 'submitted' && found.slurmJobId])
    assert.equal((await scheduler.submitOnce(order)).kind, 'submitted')
  })

  test('a job whose claim and receipt alone are gone is found by name, also by a look', async () => {
    for (const mode of ['submit', 'look'] as const) {
      const order = await prepared()
      const first = await scheduler.submitOnce(order)
      for (const file of ['tried-1', 'receipt-1.json']) await rm(join(order.directory, file))
      assert.deepEqual(await scheduler.submitOnce({ ...order, mode, triedSecondsAgo: 1 }), { ...first, how: 'found' })
      assert.equal((await jobsOf(order)).length, 1)
    }
  })

  test('an order that no step has reached is looked up and submitted at once, in order behind those that are new', async () => {
    const orders = await preparedMany(3)
    const [again, other, fresh] = orders as [SubmitOrder, SubmitOrder, SubmitOrder]
    const untold = [again, other].map(order => ({ ...order, triedSecondsAgo: 1 }))
    const outcomes = await scheduler.submitMany([...untold, fresh])
    const ids = outcomes.map(outcome =>
      'kind' in outcome && outcome.kind === 'submitted' && outcome.how === 'new' ? Number(outcome.slurmJobId) : 0,
    ) as [number, number, number]
    assert.ok(0 < ids[2] && ids[2] < ids[0] && ids[0] < ids[1], ids.join(' '))
    assert.deepEqual(await scheduler.submitOnce({ ...(await prepared()), mode: 'look', triedSecondsAgo: 1 }), {
      kind: 'absent',
    })
    await standOnce(orders)
  })

  test('a job that squeue has forgotten is found by sacct', async () => {
    const order = killedLongAgo
    await forgotten(order)
    const found = await scheduler.submitOnce(order)
    assert.equal(found.kind === 'submitted' && found.how, 'found')
    assert.deepEqual(await jobsOf(order), [found.kind === 'submitted' && found.slurmJobId])
  })

  test('a step that is killed before sbatch waits out its deadline and submits once', async () => {
    const order = await prepared()
    const faulty = await withFault(order, 'kill-before')
    await assert.rejects(faulty.submitOnce(order), fails('SLURM_UNREADABLE'))
    const early = await scheduler.submitOnce(order)
    assert.ok(early.kind === 'wait' && early.waitMs > 0 && early.waitMs <= 31_000, JSON.stringify(early))
    await expire(order)
    assert.equal((await scheduler.submitOnce({ ...order, mode: 'look' })).kind, 'absent')
    const late = await scheduler.submitOnce(order)
    assert.equal(late.kind === 'submitted' && late.how, 'new')
    assert.equal((await jobsOf(order)).length, 1)
    assert.ok((await filesOf(order)).includes('tried-1.2'))
  })

  test('an sbatch that has to be ended after it handed the job over is no second job', async () => {
    const order = await prepared()
    const faulty = await withFault(order, 'hang-after', HANGS)
    const outcome = await faulty.submitOnce(order)
    assert.equal(outcome.kind === 'submitted' && outcome.how, 'found')
    assert.deepEqual(await jobsOf(order), [outcome.kind === 'submitted' && outcome.slurmJobId])
  })

  for (const [fault, how] of [
    ['dribble', 'new'],
    ['torn', 'found'],
  ] as const)
    test(`the start of a number is not taken for it: ${fault}`, async () => {
      // So that the first digit alone is another job's number.
      while (Number((await jobsOf(await submitted()))[0]) < 10) {}
      const order = await prepared()
      const outcome = await (await withFault(order, fault)).submitOnce(order)
      assert.equal(outcome.kind === 'submitted' && outcome.how, how)
      assert.deepEqual(await jobsOf(order), [outcome.kind === 'submitted' && outcome.slurmJobId])
    })

  test('while an sbatch runs whose connection is gone, others wait for its receipt', async () => {
    const order = await prepared()
    await withFault(order, 'gate')
    const over = connectTransport()
    const cut = assert.rejects(schedulerOver(over, faultyBin).submitOnce(order))
    await eventually('sbatch runs', async () => (await filesOf(order)).includes('called'))
    await over.close()
    await cut
    const asked = scheduler.submitOnce(order)
    await eventually('another waits', async () => (await stepsOf(order)).length === 2)
    await openGate(order)
    const outcome = await asked
    assert.equal(outcome.kind === 'submitted' && outcome.how, 'known')
    assert.equal((await jobsOf(order)).length, 1)
  })

  test('many orders are one remote step and one job each, in order; the trouble of one is its own', async () => {
    const orders = await preparedMany(24)
    const [damaged, cancelled, refused, looking, gone] = orders.slice(6, 11) as [SubmitOrder, ...SubmitOrder[]]
    await writeFile(join(damaged.directory, 'script.sh'), `${HELD}#`)
    await writeFile(join(cancelled?.directory ?? '', 'cancelled'), '')
    const nowhere = '#!/bin/bash\n#SBATCH --partition=nowhere\ntrue\n'
    await writeFile(join(refused?.directory ?? '', 'script.sh'), nowhere)
    await rm(gone?.directory ?? '', { recursive: true })
    const asked = orders.map(order => {
      if (order === refused) return { ...order, files: [{ path: 'script.sh', sha256: sha256(nowhere) }] }
      return order === looking ? { ...order, mode: 'look' as const } : order
    })
    let steps = 0
    const counting: Transport = {
      ...transport,
      health: transport.health,
      exec: (argv, options) => {
        steps++
        return transport.exec(argv, options)
      },
    }
    const outcomes = await schedulerOver(counting).submitMany(asked)
    assert.equal(steps, 1)
    const special = ['SLURM_FILES_DAMAGED', 'cancelled', 'refused', 'absent', 'SLURM_FILES_DAMAGED']
    const submitted = orders.filter((_, at) => at < 6 || at > 10)
    const expected = [...Array(6).fill('submitted'), ...special, ...Array(13).fill('submitted')]
    assert.deepEqual(cameTo(outcomes), expected)
    const ids = outcomes.flatMap(outcome =>
      'kind' in outcome && outcome.kind === 'submitted' ? [Number(outcome.slurmJobId)] : [],
    )
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    )
    await standOnce(submitted)
    assert.deepEqual(await filesOf(submitted[0] as SubmitOrder), ['lock', 'receipt-1.json', 'script.sh', 'tried-1'])
    assert.deepEqual(await filesOf(damaged), ['lock', 'script.sh'])
    const again = await scheduler.submitMany(submitted)
    assert.ok(again.every(outcome => 'kind' in outcome && outcome.kind === 'submitted' && outcome.how === 'known'))
  })

  test('steps that are killed at random moments double none of their orders and lose none', async () => {
    const all: SubmitOrder[] = []
    for (let round = 0; round < 4; round++) {
      const orders = await preparedMany(30)
      all.push(...orders)
      // Whatever moment is met, the sbatch of the last order kills its step.
      const asked = (await withFault(orders[29] as SubmitOrder, 'kill-after')).submitMany(orders)
      await eventually('the step has begun', async () => (await filesOf(orders[0] as SubmitOrder)).includes('lock'))
      await sleep(Math.random() * 500)
      const [step] = await stepsOf(orders[0] as SubmitOrder)
      if (step !== undefined) endStep(step)
      assert.equal(cameTo(await asked)[29], 'SLURM_UNREADABLE')
      if (step !== undefined) await stepIsGone(step)
    }
    for (const order of all) await expire(order)
    await untilAllSubmitted(all)
    await standOnce(all)
  })

  test('a connection that is cut while many are submitted leaves each to be asked for again', async () => {
    const orders = await preparedMany(30)
    const last = orders[29] as SubmitOrder
    // The step cannot be over before it is cut, however late the look at its receipts comes.
    await withFault(last, 'gate')
    const over = connectTransport()
    const cut = schedulerOver(over, faultyBin).submitMany(orders)
    await eventually('some have their receipts', async () =>
      existsSync(join(orders[7]?.directory ?? '', 'receipt-1.json')),
    )
    await over.close()
    const codes = cameTo(await cut)
    await openGate(last)
    assert.ok(
      codes.every(code => code === 'SSH_LOST' || code === 'SSH_CLOSED'),
      codes.join(' '),
    )
    await untilAllSubmitted(orders)
    await standOnce(orders)
  })

  test('two steps with the same orders at once, one the other way round, make one job of each', async () => {
    const orders = await preparedMany(12)
    const other = connectTransport()
    await Promise.all([
      scheduler.submitMany(orders),
      schedulerOver(other).submitMany(orders.toReversed()),
      scheduler.submitOnce(orders[5] as SubmitOrder),
    ])
    await other.close()
    await untilAllSubmitted(orders)
    await standOnce(orders)
  })

  test('an sbatch that hangs ends its step; the next one takes the others first', async () => {
    const orders = await preparedMany(4)
    const [first, hangs, ...others] = orders as [SubmitOrder, SubmitOrder, ...SubmitOrder[]]
    const faulty = await withFault(hangs, 'hang-before', HANGS)
    const unreachable = 'SLURM_UNREACHABLE'
    const outcomes = await faulty.submitMany(orders)
    assert.deepEqual(cameTo(outcomes), ['submitted', unreachable, unreachable, unreachable])
    const untried = outcomes.map(outcome => outcome instanceof SlurmError && wasNotTried(outcome))
    assert.deepEqual(untried, [false, false, true, true])
    assert.ok((await filesOf(hangs)).includes('tried-1'))
    // The next one's sbatch had been started, and never got its script.
    for (const other of others) {
      assert.deepEqual(
        (await filesOf(other)).filter(file => file !== 'called'),
        ['lock', 'script.sh'],
      )
      assert.deepEqual(await jobsOf(other), [])
    }
    const [, late, ...soon] = await scheduler.submitMany(orders)
    assert.deepEqual(cameTo(soon), ['submitted', 'submitted'])
    assert.ok(late && cameTo([late]).every(kind => kind === 'wait' || kind === 'submitted'))
    await untilAllSubmitted(orders)
    await standOnce([first, hangs, ...others])
  })

  test('an sbatch that waits for its turn makes no job when its step is killed, and is tried again', async () => {
    const orders = await preparedMany(3)
    const [first, second] = orders as [SubmitOrder, SubmitOrder]
    const slow = await withFault(first, 'gate')
    const asked = slow.submitMany(orders)
    await eventually('the second waits for its turn', async () => (await filesOf(second)).includes('called'))
    const [step = assert.fail('there is no step')] = await stepsOf(first)
    endStep(step)
    await asked.catch(() => undefined)
    await stepIsGone(step)
    assert.deepEqual(await jobsOf(second), [])
    for (const order of orders) await expire(order)
    await untilAllSubmitted(orders)
    await standOnce(orders)
  })

  test('an array that bears the name of an order is not its job', async () => {
    const order = await prepared()
    const array = ['sbatch', '--hold', '--array=1-2', '--output=/dev/null', `--job-name=${order.name}`, '--wrap=true']
    await slurm(cluster, array)
    await writeFile(join(order.directory, 'tried-1'), `host=elsewhere at=${1_700_000_000} deadline=${1_700_000_060}\n`)
    const outcome = await scheduler.submitOnce(order)
    assert.equal(outcome.kind === 'submitted' && outcome.how, 'new')
    await slurm(cluster, ['scancel', `--name=${order.name}`])
  })

  test('looking never submits', async () => {
    const order = await prepared()
    assert.deepEqual(await scheduler.submitOnce({ ...order, mode: 'look' }), { kind: 'absent' })
    assert.deepEqual(await filesOf(order), ['lock', 'script.sh'])
    assert.deepEqual(await jobsOf(order), [])
  })

  test('files that are cut off, changed or missing keep sbatch from running until they are put again', async () => {
    const order = await prepared()
    const withSpec = { ...order, files: [...order.files, { path: 'spec.json', sha256: sha256('{}') }] }
    const script = join(order.directory, 'script.sh')
    await writeFile(join(order.directory, 'spec.json'), '{}')
    for (const damaged of [HELD.slice(0, -5), `${HELD}#`, '']) {
      await writeFile(script, damaged)
      await assert.rejects(scheduler.submitOnce(withSpec), fails('SLURM_FILES_DAMAGED'))
    }
    await writeFile(script, HELD)
    await rm(join(order.directory, 'spec.json'))
    await assert.rejects(scheduler.submitOnce(withSpec), /spec\.json/)
    await assert.rejects(
      scheduler.submitOnce({ ...order, directory: `${order.directory}-not` }),
      fails('SLURM_FILES_DAMAGED'),
    )
    assert.deepEqual(await filesOf(order), ['lock', 'script.sh'])
    await writeFile(join(order.directory, 'spec.json'), '{}')
    assert.equal((await scheduler.submitOnce(withSpec)).kind, 'submitted')
  })

  test('what Slurm refuses is refused in its own words, and for good under that number', async () => {
    const refusals = {
      '--partition=nowhere': /invalid partition specified/i,
      '--time=99-00:00:00': /time limit/i,
      '--gres=gpu:k80:99': /Requested node configuration is not available/,
      '--nonsense': /unrecognized option/,
    }
    for (const [option, words] of Object.entries(refusals)) {
      const order = await prepared(`#!/bin/bash\n#SBATCH ${option}\n#SBATCH --output=slurm.log\ntrue\n`)
      const outcome = await scheduler.submitOnce(order)
      assert.ok(outcome.kind === 'refused', JSON.stringify(outcome))
      assert.match(outcome.message, words)
      assert.deepEqual(await scheduler.submitOnce(order), outcome)
    }
  })

  test('the failed job that a refusal can leave behind is not taken for the job', async () => {
    const justNow = await prepared('#!/bin/bash\n#SBATCH --gres=gpu:k80:99\ntrue\n')
    assert.equal((await scheduler.submitOnce(justNow)).kind, 'refused')
    await forgotten(refusedLongAgo)
    for (const order of [justNow, refusedLongAgo]) {
      await rm(join(order.directory, 'refused-1')) // as if the step had been killed before it wrote that down
      assert.equal((await scheduler.submitOnce(order)).kind, 'refused')
      assert.equal((await jobsOf(order)).length, 1)
    }
  })

  test('a cancelled mark keeps sbatch from running, and does not hide a job that exists', async () => {
    const never = await prepared()
    await writeFile(join(never.directory, 'cancelled'), '')
    assert.deepEqual(await scheduler.submitOnce(never), { kind: 'cancelled' })
    assert.deepEqual(await jobsOf(never), [])
    const exists = await prepared()
    await assert.rejects((await withFault(exists, 'kill-after')).submitOnce(exists))
    await writeFile(join(exists.directory, 'cancelled'), '')
    assert.equal((await scheduler.submitOnce(exists)).kind, 'submitted')
  })

  test('a try, also of another host, is waited out; then two looks without a job let this one submit', async () => {
    const order = await prepared()
    const nowSeconds = Math.floor(Date.now() / 1000)
    const tried = (deadline: number) =>
      writeFile(join(order.directory, 'tried-1'), `host=elsewhere at=${nowSeconds - 60} deadline=${deadline}\n`)
    await tried(nowSeconds + 30)
    assert.equal((await scheduler.submitOnce(order)).kind, 'wait')
    await tried(nowSeconds - 1)
    const outcome = await scheduler.submitOnce(order)
    assert.equal(outcome.kind === 'submitted' && outcome.how, 'new')
    assert.equal((await jobsOf(order)).length, 1)
  })

  test('a fence speaks for a job that neither squeue nor sacct knows', async () => {
    const order = await prepared()
    await writeFile(join(order.directory, 'tried-1'), `host=elsewhere at=${1_700_000_000} deadline=${1_700_000_060}\n`)
    await mkdir(join(order.directory, 'runs', '1-0'), { recursive: true })
    await writeFile(join(order.directory, 'runs', '1-0', 'fence'), '{"slurmJobId":"987654","node":"c01"}')
    assert.deepEqual(await scheduler.submitOnce(order), { kind: 'submitted', slurmJobId: '987654', how: 'found' })
    const mute = await prepared()
    await writeFile(join(mute.directory, 'tried-1'), `host=elsewhere at=${1_700_000_000} deadline=${1_700_000_060}\n`)
    await mkdir(join(mute.directory, 'runs', '1-0'), { recursive: true })
    await writeFile(join(mute.directory, 'runs', '1-0', 'fence'), 'torn')
    assert.equal((await scheduler.submitOnce(mute)).kind, 'unknowable')
    assert.deepEqual(await jobsOf(mute), [])
  })

  test('settings of the login shell do not change what is asked or what the job gets', async () => {
    const order = await prepared('#!/bin/bash\n#SBATCH --output=slurm.log\nenv\n')
    const noisy: Transport = {
      ...transport,
      health: transport.health,
      exec: (argv, options) =>
        transport.exec(
          [
            'env',
            'SQUEUE_STATES=RUNNING',
            'SQUEUE_FORMAT=%i',
            'SBATCH_HOLD=1',
            'SBATCH_PARTITION=nowhere',
            'SLURM_CLUSTERS=other',
            'SLURM_RESTART_COUNT=7',
            ...argv,
          ],
          options,
        ),
    }
    const outcome = await schedulerOver(noisy).submitOnce(order)
    assert.equal(outcome.kind, 'submitted')
    assert.equal((await schedulerOver(noisy).listJobs()).filter(({ name }) => name === order.name).length, 1)
    const log = join(order.directory, 'slurm.log')
    await eventually('the job has run', async () =>
      (await readFile(log, 'utf8').catch(() => '')).includes('SLURM_JOB_ID='),
    )
    assert.doesNotMatch(await readFile(log, 'utf8'), /SLURM_RESTART_COUNT|SBATCH_|SQUEUE_|LC_ALL/)
  })

  test('without slurmdbd a tried order is not submitted again, and slurmctld is not asked to', async () => {
    const order = await prepared()
    await assert.rejects((await withFault(order, 'kill-before')).submitOnce(order))
    await expire(order)
    const untold = { ...(await prepared()), triedSecondsAgo: 600 }
    await stopDaemon(cluster.home, 'slurmdbd')
    try {
      await assert.rejects(scheduler.submitOnce(order), fails('SLURM_UNREACHABLE'))
      assert.equal(existsSync(join(order.directory, 'tried-1.2')), false)
      await assert.rejects(scheduler.submitOnce(untold), fails('SLURM_UNREACHABLE'))
      assert.deepEqual(await filesOf(untold), ['lock', 'script.sh'])
    } finally {
      await startDaemon(cluster.home, 'slurmdbd')
    }
    for (const one of [order, untold]) {
      assert.equal((await until(scheduler, one)).kind, 'submitted')
      assert.equal((await jobsOf(one)).length, 1)
    }
  })

  test('without slurmctld nothing is learned, and one job comes of it when it is back', async () => {
    const order = await prepared()
    // Slurm's commands try for 10 s by themselves.
    const impatient = schedulerOver(transport, null, IMPATIENT)
    await stopDaemon(cluster.home, 'slurmctld')
    try {
      await assert.rejects(impatient.submitOnce(order), fails('SLURM_UNREACHABLE'))
      await assert.rejects(impatient.submitOnce(order), fails('SLURM_UNREACHABLE'))
      await assert.rejects(impatient.listJobs(), fails('SLURM_UNREACHABLE'))
    } finally {
      await startDaemon(cluster.home, 'slurmctld')
    }
    assert.equal((await until(scheduler, order)).kind, 'submitted')
    assert.equal((await jobsOf(order)).length, 1)
  })

  test('without slurmctld many orders learn as little as one, from one sbatch, and none has to be waited for', async () => {
    const orders = await preparedMany(12)
    const impatient = schedulerOver(transport, null, IMPATIENT)
    await stopDaemon(cluster.home, 'slurmctld')
    try {
      assert.deepEqual(cameTo(await impatient.submitMany(orders)), Array(12).fill('SLURM_UNREACHABLE'))
    } finally {
      await startDaemon(cluster.home, 'slurmctld')
    }
    for (const order of orders.slice(1)) assert.deepEqual(await filesOf(order), ['lock', 'script.sh'])
    await untilAllSubmitted(orders)
    await standOnce(orders)
  })

  test('a slurmctld that hangs with an sbatch in its ears, and comes back, has one job', async () => {
    const { daemons } = await status({ home: cluster.home })
    const slurmctld = daemons.find(({ name }) => name === 'slurmctld')?.pid
    assert.ok(slurmctld)
    const impatient = schedulerOver(transport, null, { ...IMPATIENT, queryLimitSeconds: 1 })
    const orders = await Promise.all([prepared(), prepared(), prepared()])
    process.kill(slurmctld, 'SIGSTOP')
    try {
      for (const order of orders) await assert.rejects(impatient.submitOnce(order), fails('SLURM_UNREACHABLE'))
    } finally {
      process.kill(slurmctld, 'SIGCONT')
    }
    for (const order of orders) {
      assert.equal((await until(scheduler, order)).kind, 'submitted')
      assert.equal((await jobsOf(order)).length, 1)
    }
  })

  test('a limit of the site is no refusal: the order is tried again at once, and submitted once when there is room', async () => {
    const qos = { one: 'MaxSubmitJobsPerUser=1', two: 'GrpSubmitJobs=2' }
    for (const command of limitCommands(cluster.ssh.user, qos)) await slurm(cluster, command)
    await restartWith(cluster, { AccountingStorageEnforce: 'limits,qos' })
    const under = (name: string) => `#!/bin/bash\n#SBATCH --hold\n#SBATCH --qos=${name}\ntrue\n`
    const ones = await preparedMany(3, under('one'))
    const twos = await preparedMany(3, under('two'))
    const free = await prepared()
    // Finds the stand-in first on the PATH, which leaves a file where it was called.
    const counting = schedulerOver(transport, faultyBin)
    const outcomes = await counting.submitMany([...ones, ...twos, free])
    const limited = (at: number) => {
      const outcome = outcomes[at]
      assert.ok(outcome && 'kind' in outcome && outcome.kind === 'limited')
      return outcome
    }
    const kinds = ['submitted', 'limited', 'limited', 'submitted', 'submitted', 'limited', 'submitted']
    assert.deepEqual(cameTo(outcomes), kinds)
    assert.equal(limited(1).limit, 'QOSMaxSubmitJobPerUserLimit')
    assert.match(limited(1).message, /Job violates accounting\/QOS policy/)
    assert.deepEqual(limited(2), limited(1))
    assert.equal(limited(5).limit, 'QOSGrpSubmitJobsLimit')
    const [first, second, third] = ones as [SubmitOrder, SubmitOrder, SubmitOrder]
    assert.deepEqual(await filesOf(second), ['called', 'lock', 'script.sh'])
    // Its sbatch may have been started already; without a script it asks nothing.
    const thirds = (await filesOf(third)).filter(file => file !== 'called')
    assert.deepEqual(thirds, ['lock', 'script.sh'], 'who asks the same need not ask sbatch')
    assert.equal((await scheduler.submitOnce(second)).kind, 'limited')
    const [taken] = await jobsOf(first)
    await scheduler.cancel({ slurmJobId: taken ?? '', name: first.name })
    const late = await eventually('there is room', async () => {
      const outcome = await scheduler.submitOnce(second)
      return outcome.kind === 'submitted' ? outcome : null
    })
    assert.equal(late.how, 'new')
    assert.equal((await jobsOf(second)).length, 1)
    assert.deepEqual(await jobsOf(third), [])
  })

  test('a full slurmctld (MaxJobCount) is a limit and no sbatch that hangs, and takes the order when it has forgotten a job', async () => {
    const remembered = (await slurm(cluster, ['squeue', '--noheader', '--states=all', '--array', '--format=%T'])).split(
      '\n',
    )
    // slurmctld may forget any of them before it is asked: there are more orders than room even then.
    const ended = remembered.filter(state => state !== 'PENDING').length
    const quick = await preparedMany(3 + ended, QUICK)
    await restartWith(cluster, { MaxJobCount: String(remembered.length + 1) })
    // sbatch itself tries for two minutes.
    const outcomes = await scheduler.submitMany(quick)
    const full = outcomes.filter(outcome => 'kind' in outcome && outcome.kind === 'limited')
    assert.ok(full.length > 0)
    assert.ok(full.every(outcome => 'kind' in outcome && outcome.kind === 'limited' && outcome.limit === 'MaxJobCount'))
    // slurmctld forgets ended jobs every 30 s; all of them need some such moments.
    await eventually(
      'all have been taken',
      async () => {
        const kinds = cameTo(await scheduler.submitMany(quick))
        assert.ok(
          kinds.every(kind => kind === 'submitted' || kind === 'limited' || kind === 'wait'),
          kinds.join(' '),
        )
        return kinds.every(kind => kind === 'submitted')
      },
      180_000,
    )
    for (const order of quick) assert.equal((await jobsOf(order)).length, 1)
    await restartWith(cluster, { MaxJobCount: '20000' })
  })

  test('without accounting, past the memory of squeue, nobody can tell and nothing is submitted', async () => {
    await transport.close()
    cluster = await up({ home: cluster.home, accounting: false })
    transport = connectTransport()
    scheduler = schedulerOver(transport)
    const order = await prepared(QUICK)
    await assert.rejects((await withFault(order, 'kill-after')).submitOnce(order))
    await forgotten(order)
    await expire(order)
    assert.equal((await scheduler.submitOnce(order)).kind, 'unknowable')
    assert.equal(existsSync(join(order.directory, 'tried-1.2')), false)
    const untold = await prepared()
    assert.equal((await scheduler.submitOnce({ ...untold, triedSecondsAgo: 600 })).kind, 'unknowable')
    assert.deepEqual(await filesOf(untold), ['lock', 'script.sh'])
    assert.equal((await scheduler.submitOnce({ ...untold, triedSecondsAgo: 0 })).kind, 'submitted')
  })
})
