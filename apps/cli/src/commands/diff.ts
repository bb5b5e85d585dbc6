// trotline diff: what is different between two jobs. What is the same is counted and not shown.
import type { EnvironmentDiff } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { withExamples } from '../help.ts'
import { count } from '../text/figures.ts'
import { type Difference, diffJobs } from '../text/job-diff.ts'
import { type Cell, type Column, tabbed, table } from '../text/table.ts'

export function declareJobDiff(program: Command, act: Act): void {
  const command = program
    .command('diff')
    .description('shows where two jobs differ: request, packages, data, release, hardware, result')
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .argument('<OTHER>', 'another job')
    .action(act(diff))
  withExamples(command, [
    ['trotline diff k3v9 last', 'only what differs'],
    ['trotline diff k3v9 7f3k --json', 'with the packages that changed'],
  ])
}

async function diff(context: Context, left: string, right: string) {
  const { client, out } = context
  const from = await client.job(await findJob(context, left))
  const to = await client.job(await findJob(context, right))
  const { differences, equal } = diffJobs(from, to)
  const [a, b] = [from.environment?.lock, to.environment?.lock]
  const packages = a === undefined || b === undefined || a === b ? null : await packagesOf(context, a, b)
  if (out.json) await out.answerLine({ from: from.id, to: to.id, differences, equal, environment: packages })
  else if (out.quiet) return EXIT.done
  else {
    const rows = [...differences, ...packageRows(packages)].map(rowOf)
    const columns = columnsOf(from.id, to.id)
    await out.answer(
      out.answerIsTerminal
        ? rows.length === 0
          ? ''
          : table(columns, rows, out.width(), out.answerStyle)
        : tabbed(columns, rows),
    )
    if (from.id === to.id) out.say('That is one and the same job.')
    else if (differences.length === 0) out.say(`Nothing differs; ${count(equal, 'field')} compared.`)
    else out.say(out.sayStyle.dim(`${count(equal, 'field')} are the same.`))
  }
  return EXIT.done
}

/** null: one of the locks cannot be read any more; that they are two is told all the same. */
async function packagesOf({ client, out }: Context, from: string, to: string): Promise<EnvironmentDiff | null> {
  try {
    return await client.environments.diff(from, to)
  } catch (error) {
    if (!(error instanceof CliError) || error.problem?.status !== 404) throw error
    out.say(`The packages cannot be compared: ${error.message}`)
    return null
  }
}

const packageRows = (diff: EnvironmentDiff | null): Difference[] =>
  (diff?.changes ?? []).map(({ name, from, to }) => ({ group: 'packages', field: name, from, to }))

const columnsOf = (from: string, to: string): Column[] => [
  { title: 'OF' },
  { title: 'FIELD' },
  { title: from, flexible: true },
  { title: to, flexible: true },
]

const SHA256 = /^[0-9a-f]{64}$/
const shown = (value: string | null): Cell => {
  if (value === null) return { text: '-', full: '' }
  return { text: SHA256.test(value) ? value.slice(0, 12) : value, full: value }
}
const rowOf = ({ group, field, from, to }: Difference): Cell[] => [group, field, shown(from), shown(to)]
