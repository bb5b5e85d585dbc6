// `npm run chaos`: see arguments.ts for what it takes.

import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { down, up } from '../../deploy/local/cluster.ts'
import { buildIfStale } from '../../deploy/quickstart/build.ts'
import { ensureDebianPackages } from '../../deploy/quickstart/packages.ts'
import { HELP, readArguments, type Wanted } from './arguments.ts'
import { auditTable } from './audit/table.ts'
import { submitUnderCuts } from './cuts.ts'
import { FAULTS } from './faults/all.ts'
import { FAKETIME } from './faults/workers.ts'
import { storm, tallyTable, verdict } from './storm.ts'
import { buildWorld } from './world.ts'

const began = Date.now()
const say = (line: string): void =>
  void process.stdout.write(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)}  ${line}\n`)

async function main(): Promise<number> {
  let wanted: Wanted
  try {
    wanted = readArguments(
      process.argv.slice(2),
      FAULTS.map(fault => fault.name),
    )
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    return 2
  }
  if (wanted.help) process.stdout.write(HELP)
  else if (wanted.list) process.stdout.write(`${FAULTS.map(fault => fault.name).join('\n')}\n`)
  else {
    await prepareMachine()
    return wanted.cuts === null ? runStorm(wanted) : runCuts(wanted.cuts, wanted)
  }
  return 0
}

/** As `npm test` does: Debian's packages and the build. */
async function prepareMachine(): Promise<void> {
  const installed = await ensureDebianPackages({ onProgress: say, also: [FAKETIME] })
  if (installed.length > 0) say(`${installed.length} Debian packages installed`)
  if (await buildIfStale()) say('built')
}

async function runStorm({ minutes, seed, only, jobsPerMinute, keep }: Wanted): Promise<number> {
  const options = `--minutes ${minutes} --seed ${seed}${only ? ` --only ${only.join(',')}` : ''} --jobs-per-minute ${jobsPerMinute}`
  say(`seed ${seed}; to repeat: npm run chaos -- ${options}`)
  const building = buildWorld({ say })
  // From the first process on: a signal that comes while the world is built waits until it stands, and takes it away.
  const takenAway = takeAwayOnSignal(async () => (await building.catch(() => null))?.close({ keep }))
  const world = await building
  say(`the world stands in ${world.folder}`)
  try {
    const faults = only === null ? FAULTS : FAULTS.filter(fault => only.includes(fault.name))
    const report = await storm(world, { seed, minutes, jobsPerMinute, faults, say })
    process.stdout.write(`\n${tallyTable(report.tallies)}\n\n${auditTable(report.audit, report.recoveries)}\n\n`)
    const wrong = verdict(report)
    process.stdout.write(wrong.length === 0 ? 'all is well\n' : `RED\n${wrong.map(line => `  ${line}`).join('\n')}\n`)
    return wrong.length === 0 ? 0 : 1
  } finally {
    await takenAway()
  }
}

async function runCuts(count: number, { seed, keep }: Wanted): Promise<number> {
  say(`seed ${seed}; to repeat: npm run chaos -- --cuts ${count} --seed ${seed}`)
  const folder = await mkdtemp(join(tmpdir(), 'tl-cuts-'))
  await chmod(folder, 0o755)
  const home = join(folder, 'cluster')
  const jobs = join(folder, 'jobs')
  await mkdir(jobs)
  const takenAway = takeAwayOnSignal(async () => {
    await down({ home })
    if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })
  try {
    await mkdir(home)
    const cluster = await up({ home })
    const report = await submitUnderCuts({ cluster, folder: jobs, count, seed, say })
    const { submitted, cuts, doubled, lost, open } = report
    const rows = { submissions: count, submitted, 'connections cut': cuts, doubled, lost, 'never answered': open }
    for (const [name, value] of Object.entries(rows)) {
      const figure = typeof value === 'number' ? value : value.length
      process.stdout.write(`  ${name.padEnd(20)} ${String(figure).padStart(6)}\n`)
      if (typeof value !== 'number') for (const one of value.slice(0, 20)) process.stdout.write(`    ${one}\n`)
    }
    const well = cuts > 0 && submitted === count && doubled.length + lost.length === 0
    process.stdout.write(well ? 'all is well\n' : 'RED\n')
    return well ? 0 : 1
  } finally {
    await takenAway()
  }
}

/** Once, however the run ends. */
function takeAwayOnSignal(takeAway: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= takeAway()
    return closing
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => void close().finally(() => process.exit(code)))
  return close
}

process.exitCode = await main()
